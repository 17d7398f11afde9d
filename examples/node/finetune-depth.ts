/**
 * Teaches a model how far away everything is: metres for each pixel, from drawn scenes whose depth is known.
 *
 *   npx tsx --conditions=@glid/source examples/node/finetune-depth.ts [STEPS]
 *
 * The default of 12 steps shows that it runs. With 300, a few minutes, the map begins to follow the scene.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, saveWeights, useBackend, writeWeights } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import { depth } from '@glid/head-depth';

const steps = Number(process.argv[2] ?? 12);
const size = [64, 64] as const;

await useBackend([wasm()]);
using model = await createModel({
  backbone: 'nano',
  heads: { depth: headOf(depth, { bins: 32, minDepth: 0.5, maxDepth: 10 }) },
  resize: { longest: 64 },
});

// Another seed, other scenes. Drawing one takes longer than a training step's share, so they are kept.
const train = keepInMemory(syntheticScenes({ seed: 1, length: 40, size }));
const test = keepInMemory(syntheticScenes({ seed: 2, length: 8, size }));
const { depth: pipeline } = presets.small;
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
  if (event.type === 'evaluation') {
    const error = (100 * event.metrics['depth.absRel']!).toFixed(0);
    const close = (100 * event.metrics['depth.delta1']!).toFixed(0);
    console.log(`step ${event.step}: off by ${error} % in the mean, ${close} % of the pixels within a quarter`);
  }
}

const record = await test.get(0);
const { depth: map } = await model.predict(await record.image());
const truth = await record.depth!();
for (const [place, y] of [
  ['top', 4],
  ['middle', 32],
  ['bottom', 60],
] as const) {
  const at = y * 64 + 32;
  const really = truth.data[at]! > 0 ? `${truth.data[at]!.toFixed(1)} m` : 'sky, or farther than it learns';
  console.log(`${place.padEnd(6)} of the picture: ${map.depth[at]!.toFixed(1)} m, really ${really}`);
}

const metadata = model.describe({ data: 'synthetic scenes', steps, size });
await writeWeights('runs/examples', await saveWeights(model.parameters, { metadata, name: 'depth' }));
console.log('weights: runs/examples/depth.json');
