import { GlidError } from '@glid/base';

/** Results after which the context can do nothing more: faults of kernels, of the device, of the driver. */
const fatal = new Set([46, 201, 205, 214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999]);

export function isFatal(code: number): boolean {
  return fatal.has(code);
}

/** The error for a `CUresult` other than success. `name` and `text` are the driver's own words. */
export function driverError(code: number, call: string, name: string, text: string): GlidError {
  const details = { call, code, name };
  const said = text === '' || text === name ? '' : ` (${text})`;
  const message = `${call} failed with ${name}, ${code}${said}.`;
  if (code === 2) {
    return new GlidError('GLID_OUT_OF_MEMORY', message, {
      fix: 'Use smaller batches or pictures, or end other programs on this GPU.',
      details,
    });
  }
  if (code === 100 || code === 101) {
    return new GlidError('GLID_BACKEND_UNAVAILABLE', message, {
      fix: 'Check that `nvidia-smi` lists a GPU and that CUDA_VISIBLE_DEVICES does not hide it, or use webgpu() or wasm().',
      details,
    });
  }
  if (fatal.has(code)) {
    return new GlidError('GLID_DEVICE_LOST', message, {
      fix: 'Dispose the backend and create it again in a new process: this one cannot use the GPU any more.',
      details,
    });
  }
  return new GlidError('GLID_DEVICE_ERROR', message, {
    fix: 'Report it with this message: the backend has called the driver wrongly.',
    details,
  });
}
