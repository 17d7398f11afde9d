// How much of a training step is matching, and how much of a prediction is post-processing, head by head: glid-nano, batch 8, 128 px.
// npx tsx --conditions=@glid/source benchmarks/heads.ts [--heads detection,instance] [--count 5] [--size 128]
// What is measured replaces its entries in results/heads.json; the others stay.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import type { Dataset } from '@glid/base';
import { createModel, type HeadRecipe, headOf, useBackend } from '@glid/core';
import { evaluateHeads, finetune } from '@glid/core/train';
import {
  type Augmentation,
  batchSource,
  evaluationSource,
  keepInMemory,
  poseCrop,
  resizeTo,
  syntheticFigures,
  syntheticScenes,
} from '@glid/data';
import { depth } from '@glid/head-depth';
import { detection } from '@glid/head-detection';
import type { AnyHead } from '@glid/head-kit';
import { coco17, pose } from '@glid/head-pose';
import { type SegmentationInput, segmentation } from '@glid/head-segmentation';
import { enableProdMode } from '@tensorflow/tfjs-core';

const { values: options } = parseArgs({
  options: {
    heads: { type: 'string' },
    count: { type: 'string', default: '5' },
    size: { type: 'string', default: '128' },
  },
});
const side = Number(options.size);
const count = Number(options.count);
const batchSize = 8;

interface Subject {
  readonly head: HeadRecipe;
  readonly dataset: Dataset;
  readonly pipeline: readonly Augmentation[];
}

const scenes = keepInMemory(syntheticScenes({ seed: 1, length: batchSize, size: [side, side] }));
const whole = [resizeTo([side, side])];
const labels = scenes.semanticLabels ?? [];
const masks = (input: SegmentationInput): Subject => ({
  head: headOf(segmentation, input),
  dataset: scenes,
  pipeline: whole,
});
const instance = { mode: 'instance', labels: scenes.labels } as const;

const subjects: { readonly [name: string]: () => Subject } = {
  detection: () => ({ head: headOf(detection, { labels: scenes.labels }), dataset: scenes, pipeline: whole }),
  'semantic one query a class': () => masks({ mode: 'semantic', labels, matching: 'perClass' }),
  'semantic 1024 points': () => masks({ mode: 'semantic', labels, points: 1024 }),
  'instance 1024 points': () => masks({ ...instance, points: 1024 }),
  'instance 12544 points': () => masks(instance),
  'panoptic 1024 points': () =>
    masks({ mode: 'panoptic', labels, things: scenes.thingLabels ?? [], points: 1024, objectThreshold: 0.2 }),
  depth: () => ({ head: headOf(depth, { bins: 100 }), dataset: scenes, pipeline: whole }),
  pose: () => ({
    head: headOf(pose, coco17),
    dataset: keepInMemory(syntheticFigures({ seed: 1, length: batchSize, size: [side, side] })),
    pipeline: [poseCrop({ size: [side, Math.round((side * 3) / 4)] })],
  }),
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** The head, with the time that its asynchronous members take added to `spent`. */
function timed(recipe: HeadRecipe, spent: { assign: number; post: number }): HeadRecipe {
  return {
    build(context) {
      const head = recipe.build(context);
      const clock =
        <A extends unknown[], R>(key: 'assign' | 'post', work: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          const start = performance.now();
          const result = await work(...args);
          spent[key] += performance.now() - start;
          return result;
        };
      const timedHead: AnyHead = { ...head, doPostprocess: clock('post', head.doPostprocess.bind(head)) };
      return head.doAssign ? { ...timedHead, doAssign: clock('assign', head.doAssign.bind(head)) } : timedHead;
    },
  };
}

async function measure({ head, dataset, pipeline }: Subject): Promise<object> {
  const spent = { assign: 0, post: 0 };
  const model = await createModel({ backbone: 'nano', heads: { task: timed(head, spent) }, seed: 0 });
  const sources = model.heads;
  const steps: { whole: number; assign: number }[] = [];
  const data = batchSource({ dataset, sources, pipeline, batchSize, seed: 0 });
  let start = performance.now();
  for await (const event of finetune({ model, data, steps: count + 2, optimizer: { learningRate: 1e-4 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type !== 'step') continue;
    if (event.step > 2) steps.push({ whole: performance.now() - start, assign: spent.assign });
    spent.assign = 0;
    start = performance.now();
  }
  const predictions: { whole: number; post: number }[] = [];
  const test = evaluationSource({ dataset, sources, pipeline, batchSize });
  for (let i = 0; i < count + 1; i++) {
    spent.post = 0;
    start = performance.now();
    await evaluateHeads(model, test);
    if (i > 0) predictions.push({ whole: performance.now() - start, post: spent.post });
  }
  model.dispose();
  return {
    stepMs: Math.round(median(steps.map(({ whole }) => whole))),
    matchingMs: Math.round(median(steps.map(({ assign }) => assign))),
    matchingShare: Number(median(steps.map(({ whole, assign }) => assign / whole)).toFixed(4)),
    evaluatedBatchMs: Math.round(median(predictions.map(({ whole }) => whole))),
    postprocessingMs: Math.round(median(predictions.map(({ post }) => post))),
    postprocessingShare: Number(median(predictions.map(({ whole, post }) => post / whole)).toFixed(4)),
  };
}

enableProdMode();
const { backend } = await useBackend([wasm()]);
const otherLoadBefore = Number(loadavg()[0]!.toFixed(2));
const file = new URL('results/heads.json', import.meta.url);
let before: { heads?: object } = {};
try {
  before = JSON.parse(readFileSync(file, 'utf8'));
} catch {}
const heads: Record<string, unknown> = { ...before.heads };
for (const [name, subject] of Object.entries(subjects)) {
  if (options.heads && !options.heads.split(',').some((wanted) => name.startsWith(wanted))) continue;
  heads[name] = await measure(subject());
  console.log(name, JSON.stringify(heads[name]));
}
const about = `glid-nano, batch ${batchSize}, ${side} px, 100 queries (panoptic and instance), all decoder layers; medians. An evaluated batch includes reading the data and its metrics.`;
const machine = {
  processor: cpus()[0]?.model,
  threads: cpus().length,
  node: process.version,
  backend: backend.description,
  otherLoadBefore,
};
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
writeFileSync(file, `${JSON.stringify({ about, machine, heads }, null, 2)}\n`);
