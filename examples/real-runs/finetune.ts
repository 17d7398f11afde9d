/**
 * Fine-tunes glid-nano to one of the tasks of tasks.ts, from a pre-trained checkpoint or from scratch, and writes the curve:
 *
 *   npx tsx --conditions=@glid/source examples/real-runs/finetune.ts DATA TASK [--from RUN] [--steps 400] [--seed 0] [--every 100] [--test]
 *
 * DATA is the folder that holds the data sets. The recipe is chosen on validation; `--test` adds the test split, once, at the end.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { createModel, fromBytes, useBackend } from '@glid/core';
import { checkpointWeights, evaluateHeads, finetune, folderStore } from '@glid/core/train';
import { batchSource, evaluationSource } from '@glid/data';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { tasks } from './tasks.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string' },
    steps: { type: 'string', default: '400' },
    seed: { type: 'string', default: '0' },
    every: { type: 'string', default: '100' },
    test: { type: 'boolean', default: false },
  },
});
const [root, name] = positionals;
if (!root || !name || !tasks[name])
  throw new Error(`Give the data folder and one of: ${Object.keys(tasks).join(', ')}.`);
const [steps, seed, everySteps] = [Number(values.steps), Number(values.seed), Number(values.every)];

enableProdMode();
const { backend } = await useBackend([wasm()]);
const task = await tasks[name](root);
const model = await createModel({ backbone: 'nano', heads: { [name]: task.head }, seed });
if (values.from) {
  const weights = await checkpointWeights(await folderStore(values.from));
  if (!weights) throw new Error(`${values.from} holds no checkpoint.`);
  const report = await model.load(fromBytes(weights), { groups: ['encoder', 'neck', 'decoder', 'queries.cls'] });
  console.log(`loaded ${report.loaded.length} parameters, new ${report.initialised.length}`);
}
const sources = model.heads;
const validation = evaluationSource({ dataset: task.validation, sources, pipeline: task.testPipeline, batchSize: 8 });
const curve: object[] = [];
const start = Date.now();
for await (const event of finetune({
  model,
  data: batchSource({
    dataset: task.train,
    sources,
    pipeline: task.trainPipeline,
    batchSize: task.batchSize,
    seed,
    prefetch: 4,
  }),
  steps,
  seed,
  optimizer: {
    learningRate: task.learningRate,
    schedule: { kind: 'cosine', warmUp: { steps: Math.round(steps / 20) } },
    weightDecay: 0.05,
    clip: 1,
  },
  evaluation: { data: validation, everySteps },
})) {
  if (event.type === 'step' && event.step % 20 === 0) {
    console.log(`step ${event.step}  loss ${event.loss.toFixed(4)}  ${event.picturesPerSecond.toFixed(1)} pictures/s`);
  } else if (event.type === 'evaluation') {
    curve.push({ step: event.step, samples: event.step * task.batchSize, ...event.metrics });
    console.log(`step ${event.step}  ${JSON.stringify(event.metrics)}`);
  } else if (event.type !== 'step') console.log(JSON.stringify(event));
}
const test =
  values.test && task.test
    ? await evaluateHeads(
        model,
        evaluationSource({ dataset: task.test, sources, pipeline: task.testPipeline, batchSize: 8 }),
      )
    : null;

const startName = values.from ? 'pretrained' : 'scratch';
const folder = 'benchmarks/results/finetune';
await mkdir(folder, { recursive: true });
await writeFile(
  `${folder}/${name}-${startName}-seed${seed}.json`,
  `${JSON.stringify(
    {
      what: `glid-nano fine-tuned to ${name}, ${startName}`,
      date: new Date().toISOString().slice(0, 10),
      machine: {
        cpu: cpus()[0]?.model,
        cores: availableParallelism(),
        node: process.version,
        backend: backend.description,
      },
      settings: {
        steps,
        seed,
        batchSize: task.batchSize,
        learningRate: task.learningRate,
        trainPictures: task.train.length,
      },
      minutes: (Date.now() - start) / 60000,
      curve,
      test: test?.metrics ?? null,
    },
    null,
    2,
  )}\n`,
);
