import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { engine, env, findBackend, findBackendFactory, registerBackend, removeBackend } from '@tensorflow/tfjs-core';

type WasmPaths = Parameters<typeof import('@tensorflow/tfjs-backend-wasm')['setWasmPaths']>[0];

export type { WasmPaths };

/** TensorFlow.js forgets the factory when the backend is removed; a second `create` needs it again. */
let factory: (() => unknown) | undefined;

/** The priority that TensorFlow.js gives its wasm backend. */
const priority = 2;

/**
 * TensorFlow.js's wasm backend, initialised with its SIMD module on one thread. A backend that the program has already
 * initialised is taken as it is, with its tensors.
 */
export async function loadStock(paths: WasmPaths | undefined): Promise<{ backend: BackendWasm; version: string }> {
  const stock = await import('@tensorflow/tfjs-backend-wasm');
  const registered = findBackendFactory('wasm') as (() => unknown) | null;
  factory ??= registered ?? undefined;
  const existing = engine().registry.wasm as BackendWasm | undefined;
  if (existing !== undefined) return { backend: existing, version: stock.version_wasm };
  if (paths !== undefined) stock.setWasmPaths(paths);
  // A heap shared between threads could be shared neither with the SIMD kernels nor with ONNX Runtime.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const backend = (await withoutProcessListeners(async () => factory?.())) as BackendWasm;
  if (registered !== null) removeBackend('wasm');
  registerBackend('wasm', () => backend, priority);
  // Puts it among the initialised backends without making it current.
  findBackend('wasm');
  return { backend, version: stock.version_wasm };
}

const events = ['uncaughtException', 'unhandledRejection'] as const;

/** Emscripten listens to the process's fatal events and changes how the host program ends; what it adds is taken off again. */
async function withoutProcessListeners<T>(start: () => Promise<T>): Promise<T> {
  const { process } = globalThis as { process?: NodeJS.Process };
  if (typeof process?.listeners !== 'function') return start();
  const before = new Map(events.map((event) => [event, process.listeners(event as 'uncaughtException')]));
  try {
    return await start();
  } finally {
    for (const [event, kept] of before) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!kept.includes(listener)) process.removeListener(event, listener);
      }
    }
  }
}
