import { GlidError } from '@glid/base';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { type BackendValues, type GPUData, util } from '@tensorflow/tfjs-core';
import { awaitGpu } from '#dawn';
import type { DeviceWatch } from './device-watch.ts';
import { launcherOf } from './launch/launcher.ts';
import { isWarmingUp } from './warm-up.ts';

type BackendConstructor = typeof WebGPUBackend;

/**
 * The stock backend with silent failures made loud: a tensor over the binding limit is refused before it becomes zeros, a
 * synchronous read of GPU data throws, and every read first waits for the verdict on the commands that led to it.
 */
export function watchedBackend(
  Base: BackendConstructor,
  watch: DeviceWatch,
  adapterInfo: GPUAdapterInfo | undefined,
): WebGPUBackend {
  class WatchedBackend extends Base {
    override uploadToGPU(dataId: object): void {
      launcherOf(this).halves.widen(dataId);
      const tensor = this.tensorMap.get(dataId);
      if (tensor.resource == null) {
        const bytes = 4 * util.sizeFromShape(tensor.shape);
        const limit = Math.min(this.device.limits.maxStorageBufferBindingSize, this.device.limits.maxBufferSize);
        if (bytes > limit) throw overLimit(tensor.shape, bytes, limit);
      }
      super.uploadToGPU(dataId);
    }

    override readSync(dataId: object): BackendValues {
      const { values, dtype } = this.tensorMap.get(dataId);
      if (values != null || dtype === 'string') return values as BackendValues;
      throw new GlidError('GLID_USAGE', 'A tensor on the GPU cannot be read synchronously.', {
        fix: 'Use `await tensor.data()` instead of dataSync(), arraySync() or bufferSync().',
      });
    }

    override async read(dataId: object): Promise<BackendValues> {
      if (watch.failure) throw watch.failure;
      if (isWarmingUp()) return this.#zeros(dataId);
      return awaitGpu(this.#readChecked(dataId));
    }

    async #readChecked(dataId: object): Promise<BackendValues> {
      const { halves } = launcherOf(this);
      const reading: Promise<BackendValues> = halves.has({ dataId }) ? halves.read(dataId) : super.read(dataId);
      reading.catch(() => {}); // a lost device rejects it too; the typed error below is what the caller sees
      const lost = watch.lost.then((error) => {
        throw error;
      });
      lost.catch(() => {});
      await watch.check();
      return Promise.race([reading, lost]);
    }

    override readToGPU(dataId: object): GPUData {
      launcherOf(this).halves.widen(dataId);
      return super.readToGPU(dataId);
    }

    #zeros(dataId: object): BackendValues {
      const { values, shape, dtype } = this.tensorMap.get(dataId);
      return values ?? util.makeZerosTypedArray(util.sizeFromShape(shape), dtype as 'float32');
    }
  }
  return new WatchedBackend(watch.device, adapterInfo);
}

function overLimit(shape: readonly number[], bytes: number, limit: number): GlidError {
  const mebibytes = (n: number): string => `${(n / 2 ** 20).toFixed(0)} MiB`;
  return new GlidError(
    'GLID_LIMIT',
    `A tensor [${shape.join(', ')}] needs ${mebibytes(bytes)}; this GPU binds at most ${mebibytes(limit)}.`,
    { fix: 'Lower the batch size or the image size.', details: { shape, bytes, limit } },
  );
}
