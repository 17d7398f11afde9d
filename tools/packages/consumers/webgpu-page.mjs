import { webgpu } from '@glid/backend-webgpu';
import { createModel, headOf, useBackend } from '@glid/core';
import { depth } from '@glid/head-depth';
import { segmentation } from '@glid/head-segmentation';
import { backbone, picture } from './micro.mjs';

const { backend } = await useBackend(webgpu({ allowSoftware: true }));
const labels = ['ground', 'sky'];
const heads = {
  depth: headOf(depth, { bins: 4 }),
  classes: headOf(segmentation, { mode: 'semantic', labels, matching: 'perClass' }),
};
const model = await createModel({ backbone, heads });
const { depth: map, classes } = await model.predict(picture);
globalThis.answer = {
  description: backend.description,
  size: map.size,
  mean: map.depth.reduce((sum, d) => sum + d, 0) / map.depth.length,
  classes: Object.keys(classes),
};
