/**
 * Masked pre-training of glid-nano on a folder of pictures, with the settings of the reference curves (128 px, unit 16, ratio 0.75):
 *
 *   npx tsx --conditions=@glid/source examples/real-runs/pretrain.ts PICTURES [STEPS] [RUN]
 *
 * PICTURES holds images/, train.txt and val.txt. Writes checkpoints to RUN and the curve to benchmarks/results/pretrain-nano.json.
 * A run that was stopped goes on from its last checkpoint.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { wasm } from '@glid/backend-wasm';
import { createModel, useBackend } from '@glid/core';
import { folderStore, pretrain } from '@glid/core/train';
import { batchSource, evaluationSource, presets, readImageFolder } from '@glid/data';
import { enableProdMode } from '@tensorflow/tfjs-core';

const [folder, stepCount = '1200', run = 'runs/pretrain-nano'] = process.argv.slice(2);
if (!folder) throw new Error('Give the folder of the pictures.');
const steps = Number(stepCount);
const batchSize = 32;
const validation = 256;

enableProdMode();
const { backend } = await useBackend([wasm()]);
console.log(backend.description);
const model = await createModel({ backbone: 'nano', pretrain: { unit: 16 }, seed: 0 });
const train = await readImageFolder(folder, { images: 'images', list: 'train.txt' });
const held = await readImageFolder(folder, { images: 'images', list: 'val.txt' });
const size = [128, 128] as const;
await mkdir('benchmarks/results', { recursive: true });

const curve: object[] = [];
const rates: number[] = [];
const start = Date.now();
for await (const event of pretrain({
  model,
  data: batchSource({
    dataset: train,
    pipeline: presets.small.pretrain.train({ size }),
    batchSize,
    seed: 0,
    prefetch: 4,
  }),
  steps,
  seed: 0,
  optimizer: {
    learningRate: 1e-3,
    schedule: { kind: 'cosine', warmUp: { steps: Math.round(steps / 20) } },
    beta1: 0.9,
    beta2: 0.95,
    weightDecay: 0.05,
    clip: 1,
  },
  evaluation: {
    data: evaluationSource({
      dataset: { ...held, length: Math.min(validation, held.length) },
      pipeline: presets.small.pretrain.test({ size }),
      batchSize,
    }),
    everySteps: 50,
  },
  checkpoints: { store: await folderStore(run), everySteps: 100 },
})) {
  if (event.type === 'step') {
    rates.push(event.picturesPerSecond);
    if (event.step % 10 === 0) {
      console.log(
        `step ${event.step}  loss ${event.loss.toFixed(4)}  ${event.picturesPerSecond.toFixed(1)} pictures/s`,
      );
    }
  } else if (event.type === 'evaluation') {
    curve.push({ step: event.step, samples: event.step * batchSize, ...event.metrics });
    console.log(`step ${event.step}  validation ${JSON.stringify(event.metrics)}`);
    await writeFile('benchmarks/results/pretrain-nano.json', `${JSON.stringify(report(), null, 2)}\n`);
  } else console.log(JSON.stringify(event));
}

function report(): object {
  const sorted = [...rates].sort((a, b) => a - b);
  return {
    what: 'masked pre-training of glid-nano, validation on held-out pictures under fixed masks',
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model,
      cores: availableParallelism(),
      node: process.version,
      backend: backend.description,
    },
    settings: { steps, batchSize, pixels: 128, unit: 16, ratio: 0.75, learningRate: 1e-3, trainPictures: train.length },
    medianPicturesPerSecond: sorted[Math.floor(sorted.length / 2)],
    minutes: (Date.now() - start) / 60000,
    curve,
  };
}
