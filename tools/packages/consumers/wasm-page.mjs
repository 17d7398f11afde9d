import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { depth } from '@glid/head-depth';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import { backbone, picture } from './micro.mjs';

const wasmPaths = {
  'tfjs-backend-wasm.wasm': simd,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
};
await useBackend(wasm({ wasmPaths }));
const model = await createModel({ backbone, heads: { depth: headOf(depth, { bins: 4 }) } });
const { depth: map } = await model.predict(picture);
globalThis.answer = { size: map.size, mean: map.depth.reduce((sum, d) => sum + d, 0) / map.depth.length };
