export { awaitGpu } from './gpu-wait.node.ts';

let instance: GPU | undefined;

/**
 * Dawn through the optional peer `webgpu`, or undefined when it is not installed. TensorFlow.js looks for `navigator.gpu` and the
 * constants (`GPUBufferUsage`, …) on `globalThis`, so they are put there. The instance is kept: when it is collected, a
 * later `mapAsync` rejects.
 */
export async function loadDawn(): Promise<GPU | undefined> {
  if (instance) return instance;
  let dawn: typeof import('webgpu');
  try {
    dawn = await import('webgpu');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  Object.assign(globalThis, dawn.globals);
  instance = dawn.create([]);
  const gpu = { value: instance, configurable: true };
  if (typeof globalThis.navigator === 'undefined') {
    Object.defineProperty(globalThis, 'navigator', {
      value: Object.defineProperty({}, 'gpu', gpu),
      configurable: true,
    });
  } else {
    Object.defineProperty(globalThis.navigator, 'gpu', gpu);
  }
  return instance;
}
