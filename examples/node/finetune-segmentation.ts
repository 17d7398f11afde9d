/**
 * Teaches a model which pixels are floor, wall, sky, ball or crate. One query answers for each class.
 *
 *   npx tsx --conditions=@glid/source examples/node/finetune-segmentation.ts [STEPS]
 *
 * Writes `runs/examples/segmentation.safetensors`, which predict.ts can use. 12 steps by default; try 300.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, saveWeights, useBackend, writeWeights } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import { segmentation } from '@glid/head-segmentation';

const steps = Number(process.argv[2] ?? 12);
const size = [64, 64] as const;

const scenes = { size, labels: ['ball', 'crate'] } as const;
const train = keepInMemory(syntheticScenes({ ...scenes, seed: 1, length: 40 }));
const test = keepInMemory(syntheticScenes({ ...scenes, seed: 2, length: 8 }));
const labels = train.semanticLabels!;

await useBackend([wasm()]);
using model = await createModel({
  backbone: 'nano',
  heads: { classes: headOf(segmentation, { mode: 'semantic', labels, matching: 'perClass' }) },
  resize: { longest: 64 },
});
const { segmentation: pipeline } = presets.small;
const common = { sources: model.heads, batchSize: 4 };

for await (const event of finetune({
  model,
  steps,
  data: batchSource({ ...common, dataset: train, pipeline: pipeline.train({ size }), seed: 1 }),
  optimizer: {
    learningRate: 1e-3,
    schedule: { kind: 'cosine', warmUp: { steps: Math.ceil(steps / 10) } },
    weightDecay: 0.05,
    clip: 1,
  },
  evaluation: {
    data: evaluationSource({ ...common, dataset: test, pipeline: pipeline.test({ size }) }),
    everySteps: Math.ceil(steps / 2),
  },
})) {
  if (event.type === 'step' && event.step % 4 === 0) console.log(`step ${event.step}: loss ${event.loss.toFixed(3)}`);
  if (event.type === 'evaluation') {
    const { 'classes.mIoU': overlap, 'classes.pixelAccuracy': right } = event.metrics;
    console.log(`step ${event.step}: mIoU ${overlap!.toFixed(3)}, ${(100 * right!).toFixed(0)} % of the pixels right`);
  }
}

const { classes } = await model.predict(await (await test.get(0)).image());
const pixels = [...classes.semantic!.data];
for (const [k, label] of labels.entries()) {
  const share = pixels.filter((value) => value === k).length / pixels.length;
  if (share > 0) console.log(`${(100 * share).toFixed(0)} % ${label}`);
}

const metadata = model.describe({ data: 'synthetic scenes', steps, size });
await writeWeights('runs/examples', await saveWeights(model.parameters, { metadata, name: 'segmentation' }));
console.log('weights: runs/examples/segmentation.json');
