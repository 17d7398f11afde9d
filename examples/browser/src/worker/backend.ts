import { wasm } from '@glid/backend-wasm';
import { webgpu } from '@glid/backend-webgpu';
import { useBackend } from '@glid/core';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import type { BackendReport, BackendWish } from '../protocol.ts';

// Only the SIMD module is ever loaded; TensorFlow.js wants a place for all three.
const wasmPaths = {
  'tfjs-backend-wasm.wasm': simd,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
};

/** WebGPU where there is a GPU, else WebAssembly. Who asks for WebGPU by name gets it on a software adapter too. */
export async function chooseBackend(wish: BackendWish, onLost: (reason: string) => void): Promise<BackendReport> {
  const gpu = webgpu({ allowSoftware: wish === 'webgpu' });
  const { backend, rejected } = await useBackend(wish === 'wasm' ? [wasm({ wasmPaths })] : [gpu, wasm({ wasmPaths })]);
  void backend.lost?.then(({ message }) => onLost(message));
  return { name: backend.name, description: backend.description, rejected };
}
