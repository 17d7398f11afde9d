import type { Tensor } from '@tensorflow/tfjs-core';

/** What a probe found out without creating anything. */
export type BackendProbe = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** A backend that is registered with TensorFlow.js under `name` and ready for `setBackend(name)`. */
export interface GlidBackend {
  /** The name in TensorFlow.js's registry: 'wasm', 'webgpu', 'cuda', 'cpu'. */
  readonly name: string;
  /** One line for people: versions, SIMD, device, what does the matrix products. */
  readonly description: string;
  /** Resolves with a `GLID_DEVICE_LOST` error when the device goes away; absent where a device cannot be lost. */
  readonly lost?: Promise<Error>;
  /** Bytes held on the device now, where the backend counts them. */
  readonly bytesInUse?: () => number;
  /**
   * Compiles all that `run` would launch, without computing; absent where nothing is compiled. What `run` reads is zero, what it creates is
   * disposed, and nothing else may compute meanwhile: `await backend.warmUp?.(() => model.predict(picture))`.
   */
  readonly warmUp?: (run: () => unknown) => Promise<void>;
  /**
   * Keeps matrices as 16-bit floats on the device, rounded to nearest, for kernels that only read them; absent where numbers are always
   * float32. What does not fit (numbers beyond 65504, rows that are not a multiple of four long) stays as it is.
   */
  readonly storeHalf?: (matrices: readonly Tensor[]) => Promise<void>;
  /** Frees the device and unregisters the backend. Tensors that live on it are gone. */
  dispose(): Promise<void>;
}

/**
 * A backend as a value: `await useBackend([cuda(), webgpu(), wasm()])`. Nothing is loaded before `probe`.
 * `probe` never throws; `create` throws a `GlidError` or whatever its driver throws.
 */
export interface BackendCandidate {
  readonly name: string;
  probe(): Promise<BackendProbe>;
  create(): Promise<GlidBackend>;
}
