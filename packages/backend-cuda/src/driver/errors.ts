import { GlidError, type GlidErrorCode } from '@glid/base';

/** Results after which the context can do nothing more: faults of kernels, of the device, of the driver. */
const fatal = new Set([201, 205, 214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999]);

export function isFatal(code: number): boolean {
  return fatal.has(code);
}

interface Advice {
  readonly code: GlidErrorCode;
  readonly fix: string;
}

const otherwise = 'or use another backend.';
const noGpu: Advice = {
  code: 'GLID_BACKEND_UNAVAILABLE',
  fix: `Check that \`nvidia-smi\` lists a GPU of this number and that CUDA_VISIBLE_DEVICES does not hide it, ${otherwise}`,
};
const lost: Advice = {
  code: 'GLID_DEVICE_LOST',
  fix: 'Dispose the backend and create it again in a new process: this one cannot use the GPU any more.',
};
const faulted: Advice = {
  code: 'GLID_DEVICE_LOST',
  fix: `A kernel faulted, perhaps one that was launched before this call: with CUDA_LAUNCH_BLOCKING=1 the call that fails is its own; please report that. ${lost.fix}`,
};
const called: Advice = {
  code: 'GLID_DEVICE_ERROR',
  fix: 'Report it with this message: the backend has called the driver wrongly.',
};
const otherGpu: Advice = {
  code: 'GLID_DEVICE_ERROR',
  fix: 'Install an NVRTC that knows this GPU, or a driver as new as it, and empty the cache of compiled kernels (GLID_CUDA_CACHE).',
};

/** What to do, by `CUresult`. */
const advice: ReadonlyMap<number, Advice> = new Map<number, Advice>([
  [2, { code: 'GLID_OUT_OF_MEMORY', fix: 'Use smaller batches or pictures, or end other programs on this GPU.' }],
  [
    46,
    {
      code: 'GLID_BACKEND_UNAVAILABLE',
      fix: `Another process holds the GPU, which serves one at a time: end it (\`nvidia-smi\` lists it), allow several (\`nvidia-smi -c DEFAULT\`), choose another \`device\`, ${otherwise}`,
    },
  ],
  ...[700, 702, 710, 714, 715, 716, 717, 718, 719].map((code) => [code, faulted] as const),
  [100, noGpu],
  [101, noGpu],
  [200, otherGpu],
  [209, otherGpu],
  [218, otherGpu],
  [222, otherGpu],
  [
    802,
    {
      code: 'GLID_BACKEND_UNAVAILABLE',
      fix: `Wait until the GPUs are ready; machines with NVSwitch need the service nvidia-fabricmanager of the driver's version, ${otherwise}`,
    },
  ],
  [
    803,
    {
      code: 'GLID_BACKEND_UNAVAILABLE',
      fix: `The driver's library and its kernel module are of different versions, as after an update: restart the machine, ${otherwise}`,
    },
  ],
  [
    804,
    { code: 'GLID_BACKEND_UNAVAILABLE', fix: `Remove the compatibility libcuda from the library path, ${otherwise}` },
  ],
]);

/** The error for a `CUresult` other than success. `name` and `text` are the driver's own words, `library` is its file. */
export function driverError(code: number, call: string, name: string, text: string, library: string): GlidError {
  const said = text === '' || text === name ? '' : ` (${text})`;
  const { code: kind, fix } = advice.get(code) ?? (fatal.has(code) ? lost : called);
  const details = { call, code, name, library };
  return new GlidError(kind, `${call} failed with ${name}, ${code}${said}. The driver is ${library}.`, {
    fix,
    details,
  });
}

/** The error for a `cublasStatus_t` other than success. */
export function cublasError(code: number, call: string, library: string): GlidError {
  const details = { call, code, library };
  const message = `${call} failed with cublasStatus ${code}; cuBLASLt is ${library}.`;
  if (code === 3) {
    return new GlidError('GLID_OUT_OF_MEMORY', message, {
      fix: 'cuBLASLt found no memory for itself: use smaller batches or pictures, or end other programs on this GPU.',
      details,
    });
  }
  const fixes: Readonly<Record<number, string>> = {
    1: 'Check that libcublasLt and the driver are of one major version.',
    8: 'This libcublasLt does not know the GPU: install a newer one and name its folder in GLID_CUDA_LIBS.',
    15: "cuBLASLt has no algorithm for this product: try another `precision`, and report it with the product's sizes.",
  };
  return new GlidError('GLID_DEVICE_ERROR', message, {
    fix: fixes[code] ?? 'Check that libcublasLt and the driver are of one major version; if they are, report it.',
    details,
  });
}
