import { GlidError } from '@glid/base';
import type { BackendCandidate, GlidBackend } from '@glid/ops';
import {
  findBackend,
  findBackendFactory,
  registerBackend,
  removeBackend,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { CudaBackend } from './backend.ts';
import { type CudaLibraries, findLibraries } from './ffi/find-libraries.ts';
import { loadKoffi } from './ffi/koffi.ts';
import type { Ffi } from './ffi/port.ts';
import { backendName } from './kernels/define-kernel.ts';
import { registerKernels } from './register-kernels.ts';
import { Allocator } from './runtime/allocator.ts';
import { CodeCache, defaultCacheFolder } from './runtime/code-cache.ts';
import { Device } from './runtime/device.ts';
import { MatrixProducts, type Precision } from './runtime/matrix-product.ts';

export interface CudaOptions {
  /** Which GPU, counted as CUDA_VISIBLE_DEVICES leaves them; 0 by default. */
  readonly device?: number;
  /** How matrix products round their inputs. 'tf32' (default) uses the tensor cores; 'float32' rounds nothing. */
  readonly precision?: Precision;
  /** Files or folders of the CUDA libraries, looked at before all others. */
  readonly libraries?: readonly string[];
  /** Where compiled kernels are kept: `GLID_CUDA_CACHE` or the user's cache folder by default; false keeps none. */
  readonly cacheFolder?: string | false;
  /** Gives freed memory back at once instead of keeping it for the next tensor: for finding faults. */
  readonly exactMemory?: boolean;
}

/** What `cuda().create()` gives: the backend with facts about its memory. */
export interface CudaGlidBackend extends GlidBackend {
  readonly name: 'cuda';
  readonly lost: Promise<Error>;
  readonly bytesInUse: () => number;
  readonly peakBytes: () => number;
  /** Held from the device, in use or kept for the next tensor. */
  readonly bytesReserved: () => number;
  /** Kernels and matrix products launched so far. */
  readonly launches: () => number;
  /** For libraries that work in the device's memory: `nccl({ memory: backend.memory, … })`. */
  readonly memory: CudaMemory;
}

/** Where tensors lie, and on which stream they are computed. */
export interface CudaMemory {
  /** The compute stream, a `CUstream`. */
  readonly stream: number;
  /** The device address of a tensor's values. */
  addressOf(tensor: TensorInfo): number;
  /** A new tensor of the same shape and type, whose values are whatever the memory held. */
  like(tensor: TensorInfo): TensorInfo;
}

export interface CudaCandidate extends BackendCandidate {
  create(): Promise<CudaGlidBackend>;
}

/** NVIDIA GPUs in Node, through the CUDA driver, NVRTC and cuBLASLt. */
export function cuda(options: CudaOptions = {}): CudaCandidate {
  return {
    name: backendName,
    async probe() {
      try {
        const { ffi, libraries } = await open(options);
        makeDevice(ffi, libraries, options).dispose();
        return { ok: true };
      } catch (error) {
        return { ok: false, reason: (error as Error).message };
      }
    },
    create: () => create(options),
  };
}

async function open(options: CudaOptions): Promise<{ ffi: Ffi; libraries: CudaLibraries }> {
  if (process.platform !== 'linux') {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', `The CUDA backend does not run on ${process.platform}.`, {
      fix: 'Use it on Linux, or use another backend.',
    });
  }
  const ffi = await loadKoffi();
  return { ffi, libraries: findLibraries(ffi, options.libraries ?? []) };
}

function makeDevice(ffi: Ffi, libraries: CudaLibraries, options: CudaOptions): Device {
  const { device = 0, cacheFolder = defaultCacheFolder() } = options;
  return new Device(ffi, libraries, device, new CodeCache(cacheFolder === false ? undefined : cacheFolder));
}

async function create(options: CudaOptions): Promise<CudaGlidBackend> {
  if (findBackendFactory(backendName)) {
    throw new GlidError('GLID_USAGE', 'The CUDA backend runs already.', { fix: 'Dispose it before creating another.' });
  }
  const { precision = 'tf32', exactMemory = false } = options;
  const { ffi, libraries } = await open(options);
  const device = makeDevice(ffi, libraries, options);
  const allocator = new Allocator(device, exactMemory);
  const products = new MatrixProducts(device, allocator, libraries.cublasLt, precision);
  const dispose = (): void => {
    products.dispose();
    try {
      allocator.trim();
    } catch (error) {
      // A device that is lost has taken its memory along.
      if (!GlidError.isInstance(error, 'GLID_DEVICE_LOST')) throw error;
    }
    device.dispose();
  };
  registerBackend(backendName, () => new CudaBackend(device, allocator, products, dispose), 4);
  const active = (): CudaBackend => findBackend(backendName) as CudaBackend;
  registerKernels();
  const { name, architecture, driverVersion, compiler } = device;
  const driver = `${Math.floor(driverVersion / 1000)}.${Math.floor((driverVersion % 1000) / 10)}`;
  return {
    name: backendName,
    description: `${name} (${architecture}), driver for CUDA ${driver}, NVRTC ${compiler.version}, products in ${precision}`,
    lost: device.lost,
    bytesInUse: () => allocator.bytesInUse,
    peakBytes: () => allocator.peakBytes,
    bytesReserved: () => allocator.bytesReserved,
    launches: () => device.launches,
    memory: {
      stream: device.stream,
      addressOf: (tensor) => active().pointer(tensor),
      like: ({ shape, dtype }) => active().output(shape, dtype),
    },
    async dispose() {
      removeBackend(backendName);
    },
  };
}
