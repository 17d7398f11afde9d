/**
 * The first thing to try: four pictures, over and over. A head that cannot learn four pictures by heart has a fault, and so has one that
 * does no better than an answer that is the same for every picture (constant.ts).
 *
 *   npm run overfit             # 60 steps
 *   npm run overfit -- 400
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, resizeTo, syntheticScenes } from '@glid/data';
import type { AnyHead } from '@glid/head-kit';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { imageClassification } from '../src/index.ts';
import type { Target } from '../src/targets.ts';
import { constantResult } from './constant.ts';

const steps = Number(process.argv[2] ?? 60);
enableProdMode();
await useBackend(wasm());

// Drawn scenes with exact ground truth. Your own data is a `Dataset` too: see @glid/data.
const dataset = keepInMemory(syntheticScenes({ seed: 7, length: 4, size: 32, labels: ['ball', 'crate', 'star'] }));
const model = await createModel({
  backbone: 'nano',
  heads: { task: headOf(imageClassification, { labels: dataset.labels }) },
});
const read = { dataset, sources: model.heads, pipeline: [resizeTo([32, 32])], batchSize: 4 };
const head = model.heads.task;
const constant = head.createMetrics();
for await (const { truths, metas } of evaluationSource(read).batches()) {
  const targets = truths.task as readonly Target[];
  constant.update(
    targets.map((target, b) => {
      const known = { targets, labels: dataset.labels, meta: metas[b]! };
      return { result: constantResult(known), target, meta: known.meta };
    }),
  );
}

const losses: number[] = [];
let metric = Number.NaN;
const { name, better } = head.primaryMetric as AnyHead['primaryMetric'];
for await (const event of finetune({
  model,
  data: batchSource({ ...read, seed: 0 }),
  steps,
  optimizer: { learningRate: 1e-3, schedule: { kind: 'cosine', warmUp: { steps: Math.min(10, steps - 1) } }, clip: 1 },
  evaluation: { data: evaluationSource(read), everySteps: steps },
})) {
  if (event.type === 'failed') throw event.error;
  if (event.type === 'evaluation') metric = event.metrics[`task.${name}`]!;
  if (event.type !== 'step') continue;
  losses.push(event.loss);
  if (event.step === 1 || event.step % 10 === 0) console.log(`step ${event.step}  loss ${event.loss.toFixed(4)}`);
}
model.dispose();

const mean = (list: readonly number[]) => list.reduce((sum, loss) => sum + loss, 0) / list.length;
const share = mean(losses.slice(-10)) / mean(losses.slice(0, 3));
console.log(`The loss fell to ${(100 * share).toFixed(0)} % of its start in ${steps} steps.`);
const unseeing = constant.compute()[name]!;
console.log(
  `${name}: ${metric.toFixed(3)}; one answer for all pictures has ${unseeing.toFixed(3)} (${better} is better).`,
);
if (!(share < 0.5 && (better === 'lower' ? metric < unseeing : metric > unseeing))) {
  console.log('That is not learning by heart: look at targetsFrom, doLoss and the learning rate.');
  process.exitCode = 1;
}
