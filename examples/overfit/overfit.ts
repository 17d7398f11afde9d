/**
 * The first thing to try when a model does not learn: a few pictures, over and over. A head that cannot learn four pictures by heart has a fault.
 *
 *   npx tsx --conditions=@glid/source examples/overfit/overfit.ts detection|semantic|instance|panoptic|depth|pose
 */
import { wasm } from '@glid/backend-wasm';
import type { Dataset } from '@glid/base';
import { createModel, type HeadRecipe, headOf, useBackend } from '@glid/core';
import { finetune, type TrainingEvent } from '@glid/core/train';
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
import { coco17, pose } from '@glid/head-pose';
import { segmentation } from '@glid/head-segmentation';
import { enableProdMode } from '@tensorflow/tfjs-core';

interface Lesson {
  readonly dataset: Dataset;
  readonly head: HeadRecipe;
  readonly pipeline: readonly Augmentation[];
  readonly steps: number;
  readonly learningRate: number;
}

const pictures = 4;
const scenes = (): Dataset => keepInMemory(syntheticScenes({ seed: 7, length: pictures, size: [96, 96] }));
const whole = [resizeTo([96, 96])];
const masks = { queries: 24, points: 512, auxiliaryLosses: true };

/** What each head learns by heart, and how long that takes. */
export const lessons: { readonly [name: string]: () => Lesson } = {
  detection: () => {
    const dataset = scenes();
    const head = headOf(detection, { labels: dataset.labels, queries: 25, placedQueries: true });
    return { dataset, head, pipeline: whole, steps: 250, learningRate: 5e-4 };
  },
  semantic: () => {
    const dataset = scenes();
    const head = headOf(segmentation, { mode: 'semantic', labels: dataset.semanticLabels ?? [], matching: 'perClass' });
    return { dataset, head, pipeline: whole, steps: 150, learningRate: 1e-3 };
  },
  instance: () => {
    const dataset = scenes();
    const head = headOf(segmentation, { ...masks, mode: 'instance', labels: dataset.labels });
    return { dataset, head, pipeline: whole, steps: 300, learningRate: 5e-4 };
  },
  panoptic: () => {
    const dataset = scenes();
    const labels = dataset.semanticLabels ?? [];
    const head = headOf(segmentation, { ...masks, mode: 'panoptic', labels, things: dataset.thingLabels ?? [] });
    return { dataset, head, pipeline: whole, steps: 400, learningRate: 5e-4 };
  },
  depth: () => {
    const head = headOf(depth, { bins: 32, minDepth: 0.5, maxDepth: 10 });
    return { dataset: scenes(), head, pipeline: whole, steps: 150, learningRate: 1e-3 };
  },
  pose: () => {
    const dataset = keepInMemory(syntheticFigures({ seed: 7, length: pictures, size: [128, 96] }));
    const head = headOf(pose, { ...coco17, sigma: 1 });
    return { dataset, head, pipeline: [poseCrop({ size: [128, 96] })], steps: 200, learningRate: 1e-3 };
  },
};

/** Trains one head on a few synthetic pictures and returns its metrics on them. */
export async function overfit(
  name: string,
  onEvent: (event: TrainingEvent) => void = () => {},
): Promise<Readonly<Record<string, number>>> {
  const { dataset, head, pipeline, steps, learningRate } = lessons[name]!();
  const model = await createModel({ backbone: 'nano', heads: { [name]: head }, seed: 0 });
  let metrics: Readonly<Record<string, number>> = {};
  for await (const event of finetune({
    model,
    data: batchSource({ dataset, sources: model.heads, pipeline, batchSize: pictures, seed: 0 }),
    steps,
    optimizer: { learningRate, schedule: { kind: 'cosine', warmUp: { steps: 10 } }, clip: 1 },
    evaluation: {
      data: evaluationSource({ dataset, sources: model.heads, pipeline, batchSize: pictures }),
      everySteps: steps,
    },
  })) {
    onEvent(event);
    if (event.type === 'evaluation') metrics = event.metrics;
    if (event.type === 'failed') throw event.error;
  }
  model.dispose();
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key.replace(`${name}.`, ''), value]));
}

if (process.argv[1]?.includes('overfit')) {
  const name = process.argv[2] ?? '';
  if (!lessons[name]) throw new Error(`Give one of: ${Object.keys(lessons).join(', ')}.`);
  enableProdMode();
  await useBackend([wasm()]);
  const start = Date.now();
  const metrics = await overfit(name, (event) => {
    if (event.type === 'step' && event.step % 20 === 0)
      console.log(`step ${event.step}  loss ${event.loss.toFixed(4)}`);
    if (event.type === 'failed' || event.type === 'warning') console.log(event);
  });
  console.log(metrics, `${((Date.now() - start) / 1000).toFixed(0)} s`);
}
