import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { backbone, picture } from './micro.mjs';
import { score } from './types-only-head.js';

await useBackend(wasm());
const model = await createModel({ backbone, heads: { score: headOf(score, {}) } });
console.log(JSON.stringify(await model.predict(picture)));
