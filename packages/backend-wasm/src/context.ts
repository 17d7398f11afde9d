import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { EmscriptenModule, Heap } from './heap.ts';
import type { NativeProducts } from './native/products.ts';
import type { Pointer, SimdKernels } from './simd/kernels.ts';

/** What the kernels of this package work with, beside TensorFlow.js's backend object itself. */
export class WasmContext {
  readonly backend: BackendWasm;
  readonly heap: Heap;
  readonly module: EmscriptenModule;
  readonly simd: SimdKernels;
  /** Matrix products by ONNX Runtime in place on the heap, where it is installed. */
  readonly native: NativeProducts | undefined;
  /** Packing space of the SIMD matrix product. */
  readonly products: Pointer;
  #scratch: Pointer = 0;
  #scratchBytes = 0;

  constructor(
    backend: BackendWasm,
    module: EmscriptenModule,
    heap: Heap,
    simd: SimdKernels,
    native: NativeProducts | undefined,
  ) {
    this.backend = backend;
    this.module = module;
    this.heap = heap;
    this.simd = simd;
    this.native = native;
    this.products = module._malloc(simd.gemmScratch());
  }

  /** Space of at least `bytes`, aligned to 8, valid until the next call. It only grows. */
  scratch(bytes: number): Pointer {
    if (bytes > this.#scratchBytes) {
      if (this.#scratchBytes > 0) this.module._free(this.#scratch);
      this.#scratchBytes = 0;
      this.#scratch = this.module._malloc(bytes);
      this.#scratchBytes = bytes;
    }
    return this.#scratch;
  }

  pointer(tensor: TensorInfo): Pointer {
    return this.backend.getMemoryOffset(tensor.dataId);
  }

  /** The pointer, or 0 for an input that is not given. */
  optional(tensor: TensorInfo | undefined): Pointer {
    return tensor === undefined ? 0 : this.pointer(tensor);
  }

  output(shape: readonly number[], dtype: TensorInfo['dtype'] = 'float32'): TensorInfo {
    return this.backend.makeOutput([...shape], dtype);
  }

  /** An output whose values are 0; `makeOutput` leaves whatever was on the heap. */
  zeros(shape: readonly number[], dtype: TensorInfo['dtype'] = 'float32'): TensorInfo {
    const out = this.output(shape, dtype);
    this.backend.typedArrayFromHeap(out).fill(0);
    return out;
  }

  /** A view that is valid until the next allocation: growth of the heap detaches it. */
  floats(tensor: TensorInfo): Float32Array {
    return this.backend.typedArrayFromHeap(tensor) as Float32Array;
  }

  integers(tensor: TensorInfo): Int32Array {
    return this.backend.typedArrayFromHeap(tensor) as Int32Array;
  }

  dispose(tensor: TensorInfo): void {
    this.backend.disposeData(tensor.dataId);
  }
}

const contexts = new WeakMap<object, WasmContext>();

export function attachContext(context: WasmContext): void {
  contexts.set(context.backend, context);
}

export function findContext(backend: unknown): WasmContext | undefined {
  return contexts.get(backend as KernelBackend);
}

/** The context of the backend a kernel is called with. */
export function contextOf(backend: unknown): WasmContext {
  return contexts.get(backend as KernelBackend)!;
}
