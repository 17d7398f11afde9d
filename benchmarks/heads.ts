// How much of a training step is matching, and how much of a prediction is post-processing, head by head: glid-nano, batch 8, 128 px.
// npx tsx --conditions=@glid/source benchmarks/heads.ts [--heads detection,instance] [--repetitions 3] [--size 128] [--no-training]
// What is measured replaces its entries in results/heads.json; the others stay.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import type { Dataset, RgbImage } from '@glid/base';
import { createModel, type HeadRecipe, headOf, type Model, useBackend } from '@glid/core';
import { finetune } from '@glid/core/train';
import {
  type Augmentation,
  batchSource,
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
    repetitions: { type: 'string', default: '3' },
    size: { type: 'string', default: '128' },
    training: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const side = Number(options.size);
const repetitions = Number(options.repetitions);
const warmUps = 3;
const batchSize = 8;

interface Subject {
  readonly head: HeadRecipe;
  readonly dataset: Dataset;
  readonly pipeline: readonly Augmentation[];
  /** Of what `predict` is given. */
  readonly pictureSize: readonly [height: number, width: number];
}

const scenes = keepInMemory(syntheticScenes({ seed: 1, length: batchSize, size: [side, side] }));
const scene = { dataset: scenes, pipeline: [resizeTo([side, side])], pictureSize: [side, side] } as const;
const labels = scenes.semanticLabels ?? [];
const masks = (input: SegmentationInput): Subject => ({
  head: headOf(segmentation, input),
  ...scene,
});
const poseSize = [side, Math.round((side * 3) / 4)] as const;
const instance = { mode: 'instance', labels: scenes.labels } as const;

const subjects: { readonly [name: string]: () => Subject } = {
  detection: () => ({ head: headOf(detection, { labels: scenes.labels }), ...scene }),
  'semantic one query a class': () => masks({ mode: 'semantic', labels, matching: 'perClass' }),
  'semantic 1024 points': () => masks({ mode: 'semantic', labels, points: 1024 }),
  'instance 1024 points': () => masks({ ...instance, points: 1024 }),
  'instance 12544 points': () => masks(instance),
  'panoptic 1024 points': () =>
    masks({ mode: 'panoptic', labels, things: scenes.thingLabels ?? [], points: 1024, objectThreshold: 0.2 }),
  depth: () => ({ head: headOf(depth, { bins: 100 }), ...scene }),
  pose: () => ({
    head: headOf(pose, coco17),
    dataset: keepInMemory(syntheticFigures({ seed: 1, length: batchSize, size: [side, side] })),
    pipeline: [poseCrop({ size: poseSize })],
    pictureSize: poseSize,
  }),
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits));

/** Milliseconds of processor time that this process has taken, over all its threads. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of processor time of a whole, and of the part in question. */
interface Share {
  readonly whole: number;
  readonly part: number;
}

/** The head, with the processor time of its asynchronous members added to `spent`. */
function timed(recipe: HeadRecipe, spent: { assign: number; post: number }): HeadRecipe {
  return {
    build(context) {
      const head = recipe.build(context);
      const clock =
        <A extends unknown[], R>(key: 'assign' | 'post', work: (...args: A) => Promise<R>) =>
        async (...args: A): Promise<R> => {
          const start = processorTime();
          const result = await work(...args);
          spent[key] += processorTime() - start;
          return result;
        };
      const timedHead: AnyHead = { ...head, doPostprocess: clock('post', head.doPostprocess.bind(head)) };
      return head.doAssign ? { ...timedHead, doAssign: clock('assign', head.doAssign.bind(head)) } : timedHead;
    },
  };
}

async function trainingSteps(
  model: Model,
  { dataset, pipeline }: Subject,
  spent: { assign: number },
): Promise<Share[]> {
  const steps: Share[] = [];
  const data = batchSource({ dataset, sources: model.heads, pipeline, batchSize, seed: 0 });
  let start = processorTime();
  for await (const event of finetune({ model, data, steps: repetitions + 1, optimizer: { learningRate: 1e-4 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type !== 'step') continue;
    if (event.step > 1) steps.push({ whole: processorTime() - start, part: spent.assign });
    spent.assign = 0;
    start = processorTime();
  }
  return steps;
}

/** Whole calls of `predict`, from pixels to typed results. */
async function predictions(model: Model, { dataset, pictureSize }: Subject, spent: { post: number }): Promise<Share[]> {
  const [height, width] = pictureSize;
  const resized = { longest: Math.max(height, width) };
  const pictures = await Promise.all(
    Array.from({ length: batchSize }, async (_, i) => {
      const image = await (await dataset.get(i)).image();
      return { width, height, data: corner(image, height, width) };
    }),
  );
  const calls: Share[] = [];
  for (let i = 0; i < warmUps + repetitions; i++) {
    spent.post = 0;
    const start = processorTime();
    await model.predict(pictures, { resize: resized });
    if (i >= warmUps) calls.push({ whole: processorTime() - start, part: spent.post });
  }
  return calls;
}

/** The upper left part of a picture. */
function corner(image: RgbImage, height: number, width: number): Uint8Array {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    const from = 3 * y * image.width;
    data.set(image.data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return data;
}

async function measure(subject: Subject): Promise<object> {
  const spent = { assign: 0, post: 0 };
  const model = await createModel({ backbone: 'nano', heads: { task: timed(subject.head, spent) }, seed: 0 });
  const share = (shares: readonly Share[]): number => rounded(median(shares.map(({ whole, part }) => part / whole)), 3);
  const middle = (shares: readonly Share[], key: keyof Share): number => rounded(median(shares.map((s) => s[key])));
  const calls = await predictions(model as unknown as Model, subject, spent);
  const steps = options.training ? await trainingSteps(model as unknown as Model, subject, spent) : [];
  model.dispose();
  return {
    prediction: middle(calls, 'whole'),
    postprocessing: middle(calls, 'part'),
    postprocessingShare: share(calls),
    ...(steps.length > 0 && {
      step: middle(steps, 'whole'),
      matching: middle(steps, 'part'),
      matchingShare: share(steps),
    }),
  };
}

enableProdMode();
const { backend } = await useBackend([wasm({ nativeThreads: 1 })]);
const loadBefore = rounded(loadavg()[0]!, 2);
const file = new URL('results/heads.json', import.meta.url);
let before: { heads?: Record<string, object> } = {};
try {
  before = JSON.parse(readFileSync(file, 'utf8'));
} catch {}
const heads: Record<string, object> = { ...before.heads };
const what = `glid-nano as initialised, batch ${batchSize}, ${side} px, 100 queries (masks), all decoder layers in training. Milliseconds of processor time over all threads, medians of ${repetitions} after warm-up`;
const date = new Date().toISOString().slice(0, 10);
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, loadBefore };
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
for (const [name, subject] of Object.entries(subjects)) {
  if (options.heads && !options.heads.split(',').some((wanted) => name.startsWith(wanted))) continue;
  heads[name] = { ...heads[name], ...(await measure(subject())) };
  console.log(name, JSON.stringify(heads[name]));
  writeFileSync(file, `${JSON.stringify({ what, date, machine, backend: backend.description, heads }, null, 2)}\n`);
}
