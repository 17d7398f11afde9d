/**
 * Teaches a model to find balls, crates and stars. Each query answers with a box and a class; matching picks who answers for what.
 *
 *   npx tsx --conditions=@glid/source examples/node/finetune-detection.ts [STEPS]
 *
 * Of the four tasks this one learns latest: until then every picture gets the same boxes, which the `spread` below shows.
 * Start from a pre-trained decoder (partial-loading.ts) and give it thousands of steps.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, saveWeights, useBackend, writeWeights } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import { detection } from '@glid/head-detection';

const steps = Number(process.argv[2] ?? 12);
const size = [64, 64] as const;
const labels = ['ball', 'crate', 'star'] as const;

await useBackend([wasm()]);
using model = await createModel({
  backbone: 'nano',
  heads: { things: headOf(detection, { labels, queries: 16, placedQueries: true }) },
  resize: { longest: 64 },
});

const train = keepInMemory(syntheticScenes({ seed: 1, length: 40, size, labels }));
const test = keepInMemory(syntheticScenes({ seed: 2, length: 8, size, labels }));
const { detection: pipeline } = presets.small;
const common = { sources: model.heads, batchSize: 4 };

for await (const event of finetune({
  model,
  steps,
  data: batchSource({ ...common, dataset: train, pipeline: pipeline.train({ size }), seed: 1 }),
  optimizer: {
    learningRate: 5e-4,
    schedule: { kind: 'cosine', warmUp: { steps: Math.ceil(steps / 10) } },
    weightDecay: 0.05,
    clip: 1,
  },
  evaluation: {
    data: evaluationSource({ ...common, dataset: test, pipeline: pipeline.test({ size }) }),
    everySteps: Math.ceil(steps / 2),
  },
  watchEvery: 4,
})) {
  if (event.type === 'step' && event.spread) {
    const spread = Object.values(event.spread)[0]!.overPictures;
    console.log(
      `step ${event.step}: loss ${event.loss.toFixed(2)}, answers differ by ${spread.toFixed(4)} over pictures`,
    );
  }
  if (event.type === 'evaluation') console.log(`step ${event.step}: AP50 ${event.metrics['things.AP50']!.toFixed(3)}`);
}

const record = await test.get(0);
const { things } = await model.predict(await record.image());
console.log(`there: ${record.objects!.map(({ label }) => label).join(', ')}`);
for (const { label, score, box } of things.detections.slice(0, 3)) {
  console.log(`found: ${label} (${score.toFixed(2)}) at ${box.map((v) => v.toFixed(0)).join(' ')}`);
}

const metadata = model.describe({ data: 'synthetic scenes', steps, size });
await writeWeights('runs/examples', await saveWeights(model.parameters, { metadata, name: 'detection' }));
console.log('weights: runs/examples/detection.json');
