import { wasm } from '@glid/backend-wasm';
import { publishedCases } from './published/index.ts';

for (const [nativeGemm, title] of [
  ['off', 'matrix products in WebAssembly'],
  ['auto', 'matrix products by onnxruntime-node'],
] as const) {
  publishedCases(title, {
    name: 'wasm',
    open: async () => {
      const backend = await wasm({ nativeGemm }).create();
      return { description: backend.description, close: () => backend.dispose() };
    },
  });
}
