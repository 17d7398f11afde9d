import { Random } from '@glid/base';
import { createModel, headOf, type Model, type ModelConfig, type ModelPreset } from '@glid/core';
import type { Batch, BatchSource } from '@glid/core/train';
import { detection } from '@glid/head-detection';
import type { AnyHead, ImageMeta } from '@glid/head-kit';

/** How much there is to do: what a GPU gets, or what a test can run on a CPU. */
export interface Size {
  readonly name: 'full' | 'small';
  /** What is timed: pictures of `side` pixels, one alone and `batch` together; training steps of `trainingBatch`. */
  readonly benchmark: {
    readonly model: ModelPreset | ModelConfig;
    readonly side: number;
    readonly batch: number;
    readonly trainingBatch: number;
    readonly queries: number;
    readonly runs: number;
  };
  /** What is compared with the numbers that the pack brings. */
  readonly parity: {
    readonly model: ModelPreset | ModelConfig;
    readonly side: number;
    readonly batch: number;
    readonly queries: number;
  };
  /** Of the numeric suite's cases, every so manieth. */
  readonly everyCase: number;
  readonly soakSteps: number;
}

/** The smallest model with all its parts. */
const micro: ModelConfig = {
  encoder: {
    ...{ embed: 8, depths: [2, 1, 1, 1], heads: [1, 2, 2, 2], window: 4, mlpRatio: 2, dropPath: 0 },
    semantics: 'detection',
  },
  neck: { width: 16, cells: 1, groups: 4, pixelsFrom: 'neck' },
  decoder: { layers: 2, heads: 2, ffn: 24 },
};

export const sizes: Readonly<Record<Size['name'], Size>> = {
  full: {
    name: 'full',
    benchmark: { model: 'tiny', side: 224, batch: 32, trainingBatch: 16, queries: 100, runs: 50 },
    parity: { model: 'nano', side: 128, batch: 2, queries: 20 },
    everyCase: 1,
    soakSteps: 1000,
  },
  small: {
    name: 'small',
    benchmark: { model: micro, side: 32, batch: 2, trainingBatch: 2, queries: 4, runs: 2 },
    parity: { model: micro, side: 32, batch: 2, queries: 20 },
    everyCase: 10,
    soakSteps: 12,
  },
};

export type DetectionModel = Model<{ readonly [key: string]: AnyHead }>;

export const labels = Array.from({ length: 80 }, (_, i) => `class ${i}`);

/** A model for detection with random weights, the same everywhere. */
export function detectionModel(
  backbone: ModelPreset | ModelConfig,
  side: number,
  queries: number,
): Promise<DetectionModel> {
  const heads = { boxes: headOf(detection, { labels, queries }) };
  return createModel({ backbone, heads, resize: { longest: side }, seed: 11 }) as never;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Noise: what a picture shows costs nothing. */
export function pictures(count: number, side: number): Picture[] {
  const random = new Random(5);
  return Array.from({ length: count }, () => {
    const data = Uint8Array.from({ length: side * side * 4 }, (_, i) => (i % 4 === 3 ? 255 : random.integer(256)));
    return { width: side, height: side, data };
  });
}

/** Noise with three boxes a picture. */
export function trainingBatch(count: number, side: number): Batch {
  const random = new Random(6);
  const data = Float32Array.from({ length: count * side * side * 3 }, () => random.normal());
  const targets = Array.from({ length: count }, () => {
    const boxes = Float32Array.from({ length: 3 }, () => random.uniform(0, side / 2)).reduce<number[]>(
      (all, at) => all.concat(at, at / 2, at + side / 3, at / 2 + side / 4),
      [],
    );
    return {
      boxes: { data: Float32Array.from(boxes), shape: [3, 4] },
      labels: { data: Int32Array.from({ length: 3 }, () => random.integer(labels.length)), shape: [3] },
      crowds: { data: new Int32Array(3), shape: [3] },
      areas: { data: new Float32Array(3).fill(side * 4), shape: [3] },
    };
  });
  const meta: ImageMeta = { originalSize: [side, side], resizedSize: [side, side], inputSize: [side, side] };
  return {
    images: { data, shape: [count, side, side, 3] },
    metas: targets.map(() => meta),
    targets: { boxes: targets },
    truths: { boxes: targets },
  };
}

/** The same batch again and again. */
export function endless(batch: Batch): BatchSource {
  const count = batch.metas.length;
  return {
    pictures: count,
    batchSize: count,
    async *batches(_, options) {
      while (!options?.signal?.aborted) yield batch;
    },
  };
}
