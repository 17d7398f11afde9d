import { GlidError } from '@glid/base';
import type { BackendCandidate, GlidBackend } from '@glid/ops';
import { removeBackend } from '@tensorflow/tfjs-core';
import { attachContext, findContext, WasmContext } from './context.ts';
import { type Allocator, type EmscriptenModule, Heap } from './heap.ts';
import { createNativeProducts, selfTestFloats } from './native/create-products.ts';
import { NativeProducts } from './native/products.ts';
import { registerAllKernels } from './register-all.ts';
import { instantiateSimd, simdBuild } from './simd/kernels.ts';
import { loadStock, type WasmPaths } from './stock.ts';

export interface WasmOptions {
  /**
   * Where TensorFlow.js's own .wasm files are: a folder's URL ending in '/', or a map of their names. Node finds them in the
   * installed package; bundled pages have to say (see the README).
   */
  readonly wasmPaths?: WasmPaths;
  /**
   * 'auto' (default): in Node, `onnxruntime-node` 1.30.x does the large matrix products where it is installed and passes its
   * self-test. 'off': never.
   */
  readonly nativeGemm?: 'auto' | 'off';
  /** Threads of the native matrix products; as many as the machine runs at once by default. */
  readonly nativeThreads?: number;
  /** MiB that tensors may take before `GLID_OUT_OF_MEMORY`; 3584 by default, out of the 4096 of a 32-bit heap. */
  readonly memoryLimitMiB?: number;
}

const noSimd = 'this JavaScript engine has no WebAssembly SIMD';
const defaultLimitMiB = 3584;
const heapMiB = 4096;

/** What `wasm().create()` gives: the backend with facts about its heap and its matrix products. */
export interface WasmBackend extends GlidBackend {
  readonly name: 'wasm';
  /** The version of onnxruntime-node in use, or why there is none. */
  readonly nativeGemm: { readonly version: string; readonly threads: number } | { readonly reason: string };
  readonly bytesInUse: () => number;
  readonly peakBytes: () => number;
}

export interface WasmCandidate extends BackendCandidate {
  create(): Promise<WasmBackend>;
}

/** The WebAssembly backend: no device, works in Node and in browsers. */
export function wasm(options: WasmOptions = {}): WasmCandidate {
  return {
    name: 'wasm',
    async probe() {
      return simdBuild() ? { ok: true } : { ok: false, reason: noSimd };
    },
    create: () => createWasm(options),
  };
}

/**
 * @throws GLID_USAGE when a running wasm backend was created with other options, or when the memory limit is not in (0, 4096).
 */
async function createWasm(options: WasmOptions): Promise<WasmBackend> {
  const { nativeGemm = 'auto', memoryLimitMiB = defaultLimitMiB } = options;
  if (!(memoryLimitMiB > 0 && memoryLimitMiB < heapMiB)) {
    throw new GlidError('GLID_USAGE', `memoryLimitMiB is ${memoryLimitMiB}.`, {
      fix: `Choose a number above 0 and below ${heapMiB}.`,
    });
  }
  const build = simdBuild();
  if (build === undefined) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', `The wasm backend cannot start: ${noSimd}.`, {
      fix: 'Update the browser or Node.',
    });
  }
  const { backend, version } = await loadStock(options.wasmPaths);
  const key = JSON.stringify([nativeGemm, options.nativeThreads, memoryLimitMiB]);
  const known = created.get(backend);
  if (known !== undefined) {
    if (known.key === key) return known.backend;
    throw new GlidError('GLID_USAGE', 'The wasm backend runs already, with other options.', {
      fix: 'Dispose it first, or create it with the same options.',
    });
  }
  const module = backend.wasm as unknown as EmscriptenModule;
  const memory = heapMemory(module);
  const heap = new Heap(module, memoryLimitMiB * 2 ** 20);
  const simd = await instantiateSimd(build, memory);
  const native = openNative(module, memory, nativeGemm, options.nativeThreads);
  attachContext(new WasmContext(backend, module, heap, simd, native instanceof NativeProducts ? native : undefined));
  registerAllKernels();
  const products =
    native instanceof NativeProducts
      ? `matrix products by onnxruntime-node ${native.version} on ${native.threads} threads`
      : `matrix products in WebAssembly (${native.reason})`;
  const result: WasmBackend = {
    name: 'wasm',
    description: `tfjs-backend-wasm ${version} with ${build} kernels, ${products}`,
    nativeGemm: native instanceof NativeProducts ? { version: native.version, threads: native.threads } : native,
    bytesInUse: () => heap.bytesInUse,
    peakBytes: () => heap.peakBytes,
    async dispose() {
      if (!created.has(backend)) return;
      findContext(backend)?.native?.dispose();
      created.delete(backend);
      removeBackend('wasm');
    },
  };
  created.set(backend, { key, backend: result });
  return result;
}

const created = new WeakMap<object, { key: string; backend: WasmBackend }>();

/** The emscripten module keeps its memory under the exports of its instance. */
function heapMemory(module: EmscriptenModule): WebAssembly.Memory {
  const memory = module.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory)) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', "TensorFlow.js's wasm module does not show its memory.", {
      fix: 'Install @tensorflow/tfjs-backend-wasm 4.22.0, the version this package is made for.',
    });
  }
  if (!(memory.buffer instanceof ArrayBuffer)) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', "TensorFlow.js's wasm backend runs already, with threads.", {
      fix: "Call `useBackend([wasm()])` before anything else sets the backend 'wasm'.",
    });
  }
  return memory;
}

function openNative(
  module: Allocator,
  memory: WebAssembly.Memory,
  choice: 'auto' | 'off',
  threads: number | undefined,
): NativeProducts | { readonly reason: string } {
  if (choice === 'off') return { reason: "nativeGemm is 'off'" };
  const pointer = module._malloc(4 * selfTestFloats);
  const native = createNativeProducts(() => memory.buffer, pointer, threads);
  module._free(pointer);
  return native;
}
