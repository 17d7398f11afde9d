/**
 * Masked pre-training: three quarters of each picture are hidden, and the model answers with the missing pixels. No labels needed.
 *
 *   npx tsx --conditions=@glid/source examples/node/pretrain.ts [STEPS]
 *
 * Encoder, neck, decoder and CLS query all learn. Writes `runs/examples/pretrained.safetensors` for partial-loading.ts.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, saveWeights, useBackend, writeWeights } from '@glid/core';
import { pretrain } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, syntheticScenes } from '@glid/data';

const steps = Number(process.argv[2] ?? 12);
const size = [64, 64] as const;
const batchSize = 8;

await useBackend([wasm()]);
using model = await createModel({ backbone: 'nano', pretrain: { unit: 16, ratio: 0.75 } });

const train = keepInMemory(syntheticScenes({ seed: 1, length: 64, size }));
const test = keepInMemory(syntheticScenes({ seed: 2, length: 16, size }));
const { pretrain: pipeline } = presets.small;

for await (const event of pretrain({
  model,
  steps,
  data: batchSource({ dataset: train, pipeline: pipeline.train({ size }), batchSize, seed: 1 }),
  optimizer: {
    learningRate: 1e-3,
    schedule: { kind: 'cosine', warmUp: { steps: Math.ceil(steps / 10) } },
    beta2: 0.95,
    weightDecay: 0.05,
    clip: 1,
  },
  evaluation: {
    data: evaluationSource({ dataset: test, pipeline: pipeline.test({ size }), batchSize }),
    everySteps: Math.ceil(steps / 2),
  },
})) {
  if (event.type === 'step') {
    console.log(`step ${event.step}: loss ${event.loss.toFixed(3)}, ${event.picturesPerSecond.toFixed(0)} pictures/s`);
  }
  // Beside the loss, what answers without understanding score: 1 is "the mean of each patch".
  if (event.type === 'evaluation') console.log('held-out scenes:', event.metrics);
}

const metadata = model.describe({ data: 'synthetic scenes', steps, size });
await writeWeights('runs/examples', await saveWeights(model.parameters, { metadata, name: 'pretrained' }));
console.log('weights: runs/examples/pretrained.json');
