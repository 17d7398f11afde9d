/**
 * Teaches a model where the joints of a person are. The model looks at one person at a time: each has a box, `poseCrop` cuts it out.
 *
 *   npx tsx --conditions=@glid/source examples/node/finetune-pose.ts [STEPS]
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, saveWeights, useBackend, writeWeights } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, syntheticFigures } from '@glid/data';
import { coco17, pose } from '@glid/head-pose';

const steps = Number(process.argv[2] ?? 12);
const size = [96, 72] as const; // height, width of what the model sees

await useBackend([wasm()]);
using model = await createModel({
  backbone: 'nano',
  heads: { body: headOf(pose, { ...coco17, sigma: 1 }) },
  resize: { longest: 96 },
});

const train = keepInMemory(syntheticFigures({ seed: 1, length: 40, size }));
const test = keepInMemory(syntheticFigures({ seed: 2, length: 8, size }));
const { pose: pipeline } = presets.small;
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
  if (event.type === 'step' && event.step % 4 === 0) console.log(`step ${event.step}: loss ${event.loss.toFixed(5)}`);
  if (event.type === 'evaluation') console.log(`step ${event.step}: AP ${event.metrics['body.AP']!.toFixed(3)}`);
}

const { body } = await model.predict(await (await test.get(0)).image());
for (const { name, x, y, score } of body.joints.slice(0, 5)) {
  console.log(`${name.padEnd(12)} at (${x.toFixed(0)}, ${y.toFixed(0)}), sure ${score.toFixed(2)}`);
}

const metadata = model.describe({ data: 'synthetic figures', steps, size });
await writeWeights('runs/examples', await saveWeights(model.parameters, { metadata, name: 'pose' }));
console.log('weights: runs/examples/pose.json');
