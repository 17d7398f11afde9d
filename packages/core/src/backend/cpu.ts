import { GlidError } from '@glid/base';
import type { BackendCandidate } from '@glid/ops';
import { removeBackend } from '@tensorflow/tfjs-core';

/**
 * The plain JavaScript backend of TensorFlow.js, as a reference for tests and comparisons: right in nearly all kernels, some
 * thirty times slower than `wasm()`. Needs the optional peer `@tensorflow/tfjs-backend-cpu`.
 */
export function cpu(): BackendCandidate {
  return {
    name: 'cpu',
    async probe() {
      try {
        await load();
        return { ok: true };
      } catch (error) {
        return { ok: false, reason: (error as Error).message };
      }
    },
    async create() {
      const version = await load();
      return {
        name: 'cpu',
        description: `tfjs-backend-cpu ${version}, plain JavaScript (reference)`,
        dispose: async () => removeBackend('cpu'),
      };
    },
  };
}

async function load(): Promise<string> {
  try {
    return (await import('@tensorflow/tfjs-backend-cpu')).version_cpu;
  } catch (cause) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', '@tensorflow/tfjs-backend-cpu is not installed.', {
      fix: 'Install it: `npm install @tensorflow/tfjs-backend-cpu@4.22.0`.',
      cause,
    });
  }
}
