// How much of a training step is matching, and how much of a prediction is post-processing, head by head: glid-nano, batch 8, 128 px.
// npx tsx --conditions=@glid/source benchmarks/heads.ts [--heads detection,instance] [--repetitions 3] [--size 128] [--no-training]
// What is measured replaces its entries in results/heads.json; the others stay.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { type Dataset, Random, type RgbImage } from '@glid/base';
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
import {
  type SegmentationConfig,
  type SegmentationInput,
  type SegmentationRaw,
  type SegmentationTarget,
  segmentation,
} from '@glid/head-segmentation';
import { enableProdMode, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { matchLayers } from '../packages/head-segmentation/src/assign.ts';
import { randomDraws } from '../packages/head-segmentation/src/draws.ts';
import { wantedMasks } from '../packages/head-segmentation/src/wanted-masks.ts';

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
  /** Queries a picture that are sure of a class; the others answer "no object". By default as the head is initialised. */
  readonly sure?: number;
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
  'instance 10 sure queries': () => ({ ...masks({ ...instance, points: 1024 }), sure: 10 }),
  'panoptic 10 sure queries': () => ({
    ...masks({ mode: 'panoptic', labels, things: scenes.thingLabels ?? [], points: 1024 }),
    sure: 10,
  }),
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

/** The part is the matcher. */
interface Step extends Share {
  readonly assign: number;
}

interface Spent {
  /** Everything between the forward pass and the loss: the matcher, and for masks the choice of points for the loss. */
  assign: number;
  /** The matcher alone, which masks run a second time for it; 0 where the whole is the matcher. */
  match: number;
  post: number;
}

/** The head, with the processor time of matching and post-processing added to `spent`. */
function timed(recipe: HeadRecipe, spent: Spent, sure: number | undefined): HeadRecipe {
  return {
    build(context) {
      const head = recipe.build(context);
      const clock = async <R>(key: keyof Spent, work: () => Promise<R>): Promise<R> => {
        const start = processorTime();
        const result = await work();
        spent[key] += processorTime() - start;
        return result;
      };
      const doPostprocess: AnyHead['doPostprocess'] = async (raw, ...rest) => {
        const answers = sure === undefined ? raw : withSureQueries(raw, sure);
        return clock('post', () => head.doPostprocess(answers, ...rest));
      };
      const { doAssign } = head;
      if (!doAssign) return { ...head, doPostprocess };
      const match: AnyHead['doAssign'] = async (raw, targets, lossContext) => {
        const matching = 'masks.0' in raw ? maskMatching(head, raw, targets, lossContext) : undefined;
        if (matching) await clock('match', matching);
        return clock('assign', () => doAssign.call(head, raw, targets, lossContext));
      };
      return { ...head, doPostprocess, doAssign: match };
    },
  };
}

type Assign = NonNullable<AnyHead['doAssign']>;

function maskMatching(head: AnyHead, ...[raw, targets, { metas }]: Parameters<Assign>): () => Promise<unknown> {
  const config = head.config as SegmentationConfig;
  const draws = randomDraws(config, metas, new Random(0));
  return () => {
    const wanted = targets.map((target, image) => wantedMasks(config, target as SegmentationTarget, metas[image]!));
    return matchLayers(config, raw as SegmentationRaw, wanted, draws);
  };
}

/** The answers with other classes: those of the first `sure` queries of every picture, then "no object". */
function withSureQueries(raw: Readonly<Record<string, Tensor>>, sure: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(raw).map(([name, answer]) => {
      if (!name.startsWith('logits.')) return [name, answer];
      const [, queries, width] = answer.shape as [number, number, number];
      const logits = Float32Array.from({ length: answer.size }, (_, i) => {
        const query = Math.floor(i / width) % queries;
        return i % width === (query < sure ? query % (width - 1) : width - 1) ? 8 : 0;
      });
      return [name, tensor(logits, answer.shape)];
    }),
  );
}

async function trainingSteps(model: Model, { dataset, pipeline }: Subject, spent: Spent): Promise<Step[]> {
  const steps: Step[] = [];
  const data = batchSource({ dataset, sources: model.heads, pipeline, batchSize, seed: 0 });
  let start = processorTime();
  for await (const event of finetune({ model, data, steps: repetitions + 1, optimizer: { learningRate: 1e-4 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type !== 'step') continue;
    const { assign, match } = spent;
    const whole = processorTime() - start - match;
    if (event.step > 1) steps.push({ whole, part: match || assign, assign });
    Object.assign(spent, { assign: 0, match: 0 });
    start = processorTime();
  }
  return steps;
}

/** Whole calls of `predict`, from pixels to typed results. */
async function predictions(model: Model, { dataset, pictureSize }: Subject, spent: Spent): Promise<Share[]> {
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
  const spent: Spent = { assign: 0, match: 0, post: 0 };
  const head = timed(subject.head, spent, subject.sure);
  const model = await createModel({ backbone: 'nano', heads: { task: head }, seed: 0 });
  const share = (shares: readonly Share[]): number => rounded(median(shares.map(({ whole, part }) => part / whole)), 3);
  const middle = (shares: readonly Share[], key: keyof Share): number => rounded(median(shares.map((s) => s[key])));
  const calls = await predictions(model as unknown as Model, subject, spent);
  const steps =
    options.training && subject.sure === undefined
      ? await trainingSteps(model as unknown as Model, subject, spent)
      : [];
  model.dispose();
  return {
    prediction: middle(calls, 'whole'),
    postprocessing: middle(calls, 'part'),
    postprocessingShare: share(calls),
    ...(steps.length > 0 && {
      step: middle(steps, 'whole'),
      matching: middle(steps, 'part'),
      matchingShare: share(steps),
      assignmentShare: share(steps.map(({ whole, assign }) => ({ whole, part: assign }))),
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
