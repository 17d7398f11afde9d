const { wasm } = require('@glid/backend-wasm');
const { createModel, headOf, useBackend } = require('@glid/core');
const { depth } = require('@glid/head-depth');
const { backbone, picture } = require('./micro.mjs');

(async () => {
  await useBackend(wasm());
  const model = await createModel({ backbone, heads: { depth: headOf(depth, { bins: 4 }) } });
  const { depth: map } = await model.predict(picture);
  console.log(JSON.stringify({ size: map.size, mean: map.depth.reduce((sum, d) => sum + d, 0) / map.depth.length }));
})();
