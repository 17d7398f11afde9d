/**
 * Masked pre-training of glid-nano on a folder of pictures, with the settings of the reference curves (128 px, unit 16, ratio 0.75):
 *
 *   npx tsx --conditions=@glid/source examples/real-runs/pretrain.ts PICTURES [--steps 1200] [--out runs/pretrain-nano] [--only PREFIX]
 *   mpirun -n 2 npx tsx … the same …      one process a core: a batch of 32 is shared between them
 *
 * PICTURES holds images/, train.txt and val.txt; `--only` leaves out training pictures whose names begin otherwise. Writes
 * checkpoints to the run's folder and the curve to benchmarks/results/pretrain-nano.json. A run that was stopped goes on from its last
 * checkpoint, and its curve with it.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import type { Dataset } from '@glid/base';
import { mpi } from '@glid/collectives';
import { createModel, useBackend } from '@glid/core';
import { folderStore, pretrain } from '@glid/core/train';
import { batchSource, evaluationSource, presets, readImageFolder } from '@glid/data';
import { enableProdMode } from '@tensorflow/tfjs-core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '1200' },
    out: { type: 'string', default: 'runs/pretrain-nano' },
    only: { type: 'string', default: '' },
  },
});
const [folder] = positionals;
if (!folder) {
  console.error('Give the folder of the pictures.');
  process.exit(2);
}
const steps = Number(values.steps);
const [batchSize, validation] = [32, 256];
const size = [128, 128] as const;
const results = 'benchmarks/results/pretrain-nano.json';

enableProdMode();
const collectives = await mpi();
const { rank, size: world } = collectives;
const threads = Math.max(1, Math.floor(availableParallelism() / world));
const { backend } = await useBackend([wasm({ nativeThreads: threads })]);
const model = await createModel({ backbone: 'nano', pretrain: { unit: 16 }, seed: 0 });
const train = named(await readImageFolder(folder, { images: 'images', list: 'train.txt' }), await namesIn('train.txt'));
const held = await readImageFolder(folder, { images: 'images', list: 'val.txt' });
await mkdir('benchmarks/results', { recursive: true });

let curve: { readonly step: number }[] = [];
const rates: number[] = [];
for await (const event of pretrain({
  model,
  collectives,
  data: batchSource({
    dataset: train,
    pipeline: presets.small.pretrain.train({ size }),
    batchSize: batchSize / world,
    rank,
    world,
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
  checkpoints: { store: await folderStore(join(values.out, 'checkpoints')), everySteps: 100 },
})) {
  if (rank > 0) continue;
  if (event.type === 'step') {
    rates.push(event.picturesPerSecond);
    if (event.step % 10 === 0) {
      console.log(
        `step ${event.step}  loss ${event.loss.toFixed(4)}  ${event.picturesPerSecond.toFixed(1)} pictures/s`,
      );
    }
  } else if (event.type === 'evaluation') {
    curve.push({ step: event.step, samples: event.step * batchSize, ...event.metrics } as { step: number });
    console.log(`step ${event.step}  validation ${JSON.stringify(event.metrics)}`);
    await writeFile(results, `${JSON.stringify(report(), null, 2)}\n`);
  } else {
    if (event.type === 'started' && event.step > 0 && existsSync(results)) {
      const before = JSON.parse(await readFile(results, 'utf8')) as { curve: { step: number }[] };
      curve = before.curve.filter(({ step }) => step <= event.step);
    }
    console.log(JSON.stringify(event));
  }
}

/** The pictures of the training list whose names begin with `--only`. */
function named(dataset: Dataset, names: readonly string[]): Dataset {
  const chosen = names.flatMap((name, i) => (name.startsWith(values.only) ? [i] : []));
  return { ...dataset, length: chosen.length, get: (index) => dataset.get(chosen[index]!) };
}

async function namesIn(list: string): Promise<string[]> {
  const text = await readFile(`${folder}/${list}`, 'utf8');
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
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
      processes: world,
    },
    settings: {
      steps,
      batchSize,
      pixels: 128,
      unit: 16,
      ratio: 0.75,
      learningRate: 1e-3,
      trainPictures: train.length,
      only: values.only || null,
    },
    medianPicturesPerSecond: sorted[Math.floor(sorted.length / 2)],
    curve,
  };
}
