import type { Dataset } from '@glid/base';
import { type HeadRecipe, headOf, type ModelConfig } from '@glid/core';
import { type Augmentation, keepInMemory, poseCrop, resizeTo, syntheticFigures, syntheticScenes } from '@glid/data';
import { depth } from '@glid/head-depth';
import { detection } from '@glid/head-detection';
import { coco17, pose } from '@glid/head-pose';
import { type SegmentationInput, segmentation } from '@glid/head-segmentation';

/** What one head learns by heart. */
export interface Lesson {
  readonly dataset: Dataset;
  readonly head: HeadRecipe;
  readonly pipeline: readonly Augmentation[];
  readonly learningRate: number;
  /** Factor on the rate of the query embeddings e_i, beside what the head asks for: the higher, the sooner queries part. 1 when absent. */
  readonly queryRate?: number;
  /** Steps at most: training ends when the goal is reached. */
  readonly steps: number;
  /** The least of each metric that counts as learnt. */
  readonly goal: { readonly [metric: string]: number };
}

/** A model as small as the lesson, every part there once: minutes on two cores are enough. */
export const backbone: ModelConfig = {
  encoder: {
    embed: 16,
    depths: [1, 1, 1, 1],
    heads: [1, 2, 4, 8],
    window: 8,
    mlpRatio: 4,
    dropPath: 0,
    semantics: 'detection',
  },
  neck: { width: 64, cells: 1, groups: 8, pixelsFrom: 'neck' },
  decoder: { layers: 3, heads: 4, ffn: 128 },
};

const side = 64;
const scenes = (): Dataset => keepInMemory(syntheticScenes({ seed: 34, length: 2, size: side, things: [2, 3] }));
const figures = (): Dataset => keepInMemory(syntheticFigures({ seed: 7, length: 2, size: [96, 72] }));
const whole = [resizeTo([side, side])];

function masks(input: (dataset: Dataset) => SegmentationInput, steps: number, goal: Lesson['goal']): Lesson {
  const dataset = scenes();
  const head = headOf(segmentation, { queries: 12, points: 512, ...input(dataset) });
  return { dataset, head, pipeline: whole, learningRate: 1e-3, steps, goal };
}

/** One lesson a task. */
export const lessons: { readonly [name: string]: () => Lesson } = {
  detection: () => {
    const dataset = scenes();
    const head = headOf(detection, { labels: dataset.labels, queries: 16, placedQueries: true });
    return {
      dataset,
      head,
      pipeline: whole,
      learningRate: 1e-3,
      steps: 400,
      goal: { AP50: 0.95, AP: 0.85 },
    };
  },
  semantic: () =>
    masks(({ semanticLabels = [] }) => ({ mode: 'semantic', labels: semanticLabels, matching: 'perClass' }), 300, {
      mIoU: 0.9,
    }),
  instance: () => masks(({ labels }) => ({ mode: 'instance', labels }), 400, { AP50: 0.9, AP: 0.6 }),
  panoptic: () =>
    masks(
      ({ semanticLabels = [], thingLabels = [] }) => ({
        mode: 'panoptic',
        labels: semanticLabels,
        things: thingLabels,
      }),
      500,
      { PQ: 0.8 },
    ),
  depth: () => ({
    dataset: scenes(),
    head: headOf(depth, { bins: 16, minDepth: 0.5, maxDepth: 10 }),
    pipeline: whole,
    learningRate: 1e-3,
    queryRate: 10,
    steps: 300,
    goal: { delta1: 0.95 },
  }),
  pose: () => ({
    dataset: figures(),
    head: headOf(pose, { ...coco17, sigma: 1 }),
    pipeline: [poseCrop({ size: [96, 72] })],
    learningRate: 1e-3,
    steps: 600,
    goal: { AP: 0.9 },
  }),
};
