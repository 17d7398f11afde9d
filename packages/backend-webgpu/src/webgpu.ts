import { GlidError } from '@glid/base';
import type { BackendCandidate, BackendProbe, GlidBackend } from '@glid/ops';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';
import { watchedBackend } from './backend-class.ts';
import { correctKernels } from './corrected/index.ts';
import { DeviceWatch } from './device-watch.ts';
import { findGpu } from './find-gpu.ts';
import { registerKernels } from './kernels/register-all.ts';
import { launcherOf } from './launch/launcher.ts';
import { describeAdapter, requestDevice } from './request-device.ts';
import { isSoftware } from './software-adapter.ts';
import { warmUp } from './warm-up.ts';

export interface WebGpuOptions {
  /** A device of the application's own. It is used as it is, and never destroyed here. */
  readonly device?: GPUDevice;
  readonly powerPreference?: GPUPowerPreference;
  /** Accept an adapter that is emulated on the CPU. Off by default: `wasm()` is faster than that. */
  readonly allowSoftware?: boolean;
}

/** WebGPU in a browser, or in Node with the package `webgpu` (Dawn) installed. */
export function webgpu(options: WebGpuOptions = {}): BackendCandidate {
  return {
    name: 'webgpu',
    probe: () => probe(options),
    create: () => create(options),
  };
}

async function probe(options: WebGpuOptions): Promise<BackendProbe> {
  try {
    const gpu = await findGpu();
    if (!gpu) return { ok: false, reason: noGpu() };
    if (options.device) return { ok: true };
    const adapter = await requestAdapter(gpu, options);
    if (!adapter)
      return { ok: false, reason: 'WebGPU is there, but it offers no adapter (no driver, or blocked by the browser)' };
    if (isSoftware(adapter.info) && !options.allowSoftware) {
      return {
        ok: false,
        reason: `only a software adapter (${describeAdapter(adapter.info)}); pass { allowSoftware: true } to use it all the same`,
      };
    }
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: (error as Error).message };
  }
}

async function create(options: WebGpuOptions): Promise<GlidBackend> {
  const gpu = await findGpu();
  const adapter = gpu && !options.device ? await requestAdapter(gpu, options) : null;
  const device = options.device ?? (adapter ? await requestDevice(adapter) : undefined);
  if (!device) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', `WebGPU is not available: ${noGpu()}.`, {
      fix: 'Use wasm(), or useBackend([webgpu(), wasm()]) to fall back to it.',
    });
  }
  const stock = await import('@tensorflow/tfjs-backend-webgpu');
  const watch = new DeviceWatch(device, options.device === undefined);
  const info = adapter?.info ?? device.adapterInfo;
  unregister(); // the stock one registers itself on import, with a device of its own
  let backend: WebGPUBackend | undefined;
  registerBackend(
    'webgpu',
    () => {
      backend = watchedBackend(stock.WebGPUBackend, watch, info);
      return backend;
    },
    3,
  );
  const using = (method: string): WebGPUBackend => {
    if (backend !== undefined) return backend;
    throw new GlidError('GLID_USAGE', 'The webgpu backend is not in use yet.', {
      fix: `Call useBackend([webgpu()]), or setBackend('webgpu'), before ${method}.`,
    });
  };
  correctKernels();
  registerKernels();
  env().set('WEBGPU_USE_PROFILE_TOOL', false);
  return {
    name: 'webgpu',
    description: `WebGPU on ${describeAdapter(info)}`,
    lost: watch.lost,
    bytesInUse: () => backend?.memory().numBytesInGPU ?? 0,
    async warmUp(run) {
      await warmUp(using('warmUp'), run);
    },
    async storeHalf(matrices) {
      const inUse = using('storeHalf');
      const { halves } = launcherOf(inUse);
      for (const matrix of matrices) {
        if (halves.takes(matrix)) halves.store(matrix, (await inUse.read(matrix.dataId)) as Float32Array);
      }
    },
    async dispose() {
      watch.close();
      unregister();
      if (options.device === undefined) device.destroy();
    },
  };
}

function requestAdapter(gpu: GPU, options: WebGpuOptions): Promise<GPUAdapter | null> {
  return gpu.requestAdapter({ powerPreference: options.powerPreference ?? 'high-performance' });
}

function noGpu(): string {
  return typeof process !== 'undefined' && process.versions?.node
    ? 'the package `webgpu` is not installed (npm install webgpu@0.6.2)'
    : 'this browser has no navigator.gpu, or the page is not served over https or from localhost';
}

function unregister(): void {
  if (findBackendFactory('webgpu')) removeBackend('webgpu');
}
