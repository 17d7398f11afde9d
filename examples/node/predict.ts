/**
 * Looks at pictures with a trained model and draws what it found.
 *
 *   npx tsx --conditions=@glid/source examples/node/predict.ts [CHECKPOINT] [PICTURE...]
 *
 * CHECKPOINT is what finetune-segmentation.ts wrote (the default). Without pictures one is drawn.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { wasm } from '@glid/backend-wasm';
import { createModel, fromFile, headOf, loadWeights, type ModelConfig, useBackend } from '@glid/core';
import { decodeImage, syntheticScenes } from '@glid/data';
import { drawRgba, encodePng } from '@glid/head-kit';
import { type SegmentationInput, segmentation } from '@glid/head-segmentation';

const [file = 'runs/examples/segmentation.json', ...pictures] = process.argv.slice(2);
if (!existsSync(file)) {
  console.error(`There is no ${file} yet: run finetune-segmentation.ts first.`);
  process.exit(1);
}

const { description } = (await useBackend([wasm()])).backend;
console.log(description);

// A checkpoint says how to build its model; which head's code that is, you say.
const weights = await loadWeights(fromFile(file));
const { backbone, heads } = weights.about!;
using model = await createModel({
  backbone: backbone as unknown as ModelConfig,
  heads: { classes: headOf(segmentation, heads[0]!.config as unknown as SegmentationInput) },
  weights,
  resize: { longest: 64 },
});

const images = await Promise.all(
  pictures.map(async (path) => ({ name: basename(path), image: await decodeImage(await readFile(path)) })),
);
if (images.length === 0) {
  const scene = await syntheticScenes({ seed: 9, length: 1, size: [96, 128], labels: ['ball', 'crate'] }).get(0);
  images.push({ name: 'scene', image: await scene.image() });
}

await mkdir('runs/examples/found', { recursive: true });
for (const { name, image } of images) {
  const start = performance.now();
  const { classes } = await model.predict(image);
  const { width, height } = image;
  const kinds = new Set(classes.semantic!.data);
  const names = [...kinds].map((k) => heads[0]!.labels[k]).join(', ');
  console.log(`${name}, ${width} x ${height}, in ${(performance.now() - start).toFixed(0)} ms: ${names}`);

  const canvas = { width, height, data: new Uint8Array(4 * width * height).fill(255) };
  for (let i = 0; i < width * height; i++) canvas.data.set(image.data.subarray(3 * i, 3 * i + 3), 4 * i);
  drawRgba(canvas, model.heads.classes.draw!(classes));
  await writeFile(`runs/examples/found/${name}.png`, encodePng(canvas));
}
console.log('drawn in runs/examples/found');
