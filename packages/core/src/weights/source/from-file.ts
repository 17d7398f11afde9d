import { GlidError } from '@glid/base';
import { throwIfAborted } from '../platform/abort.ts';
import { nodeModules } from '../platform/node.ts';
import type { WeightSource } from './weight-source.ts';

const step = 8 * 2 ** 20;

/** Weights on disk (Node): a `.safetensors` file, or a manifest `.json` with its parts in the same folder. */
export function fromFile(path: string): WeightSource {
  const node = nodeModules();
  if (!node) {
    throw new GlidError('GLID_USAGE', 'There is no file system here.', {
      fix: 'Use fromUrl or fromBytes in a browser.',
    });
  }
  const folder = node.path.dirname(path);
  return {
    description: path,
    entry: node.path.basename(path),
    async read(name, options = {}) {
      const file = node.path.join(folder, name);
      try {
        const handle = await node.fs.open(file, 'r');
        try {
          const { size } = await handle.stat();
          const bytes = new Uint8Array(size);
          for (let at = 0; at < size; ) {
            throwIfAborted(options.signal, `Reading ${file}`);
            const { bytesRead } = await handle.read(bytes, at, Math.min(step, size - at), at);
            if (bytesRead === 0) return bytes.subarray(0, at);
            at += bytesRead;
            options.onProgress?.(at, size);
          }
          return bytes;
        } finally {
          await handle.close();
        }
      } catch (cause) {
        if (GlidError.isInstance(cause)) throw cause;
        throw new GlidError('GLID_IO', `${file} cannot be read: ${(cause as Error).message}.`, {
          fix: 'Check the path and its permissions.',
          cause,
          details: { file },
        });
      }
    },
  };
}
