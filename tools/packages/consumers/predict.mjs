import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { depth } from '@glid/head-depth';
import { backbone, picture } from './micro.mjs';

await useBackend(wasm());
const model = await createModel({ backbone, heads: { depth: headOf(depth, { bins: 4 }) } });
const { depth: map } = await model.predict(picture);
console.log(JSON.stringify({ size: map.size, mean: map.depth.reduce((sum, d) => sum + d, 0) / map.depth.length }));
