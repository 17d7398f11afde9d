import { dataError } from '../../data-error.ts';
import type { ImageId } from '../image-id.ts';
import type { DepthCrop } from './crop.ts';

/** Depth of one picture: metres a pixel, row-major `[height, width]`. */
export interface DepthSample {
  readonly imageId: ImageId;
  readonly size: readonly [height: number, width: number];
  /** 0 or anything outside of the valid range means unknown. */
  readonly truth: ArrayLike<number>;
  readonly prediction: ArrayLike<number>;
}

/** What is summed over the valid pixels of a picture: the place of each sum in its row. */
export const sums = {
  pixels: 0,
  squared: 1,
  squaredLog: 2,
  log: 3,
  absoluteLog10: 4,
  relative: 5,
  squaredRelative: 6,
  delta1: 7,
  delta2: 8,
  delta3: 9,
} as const;
export const sumCount = 10;

export interface DepthRange {
  readonly minDepth: number;
  readonly maxDepth: number;
  readonly crop?: DepthCrop | undefined;
}

/** Sums over the valid pixels of one picture: those with minDepth < truth < maxDepth, inside the crop. */
export function measureDepth(sample: DepthSample, { minDepth, maxDepth, crop }: DepthRange): Float64Array {
  const { imageId, truth, prediction, size } = sample;
  const [height, width] = size;
  for (const [field, map] of [['truth', truth] as const, ['prediction', prediction] as const]) {
    if (map.length === height * width) continue;
    throw dataError(
      { id: imageId, field, expected: height * width, got: map.length },
      `The map has ${map.length} values for ${height} x ${width} pixels.`,
      'Bring depth maps to the size of their picture first.',
    );
  }
  if (crop && (crop.size[0] !== height || crop.size[1] !== width)) {
    throw dataError(
      { id: imageId, field: 'size', expected: crop.size, got: size },
      `The crop is meant for ${crop.size.join(' x ')} pixels (height x width), the map has ${size.join(' x ')}.`,
      'Evaluate at the size of the crop, or without it.',
    );
  }
  const [top, bottom] = crop?.rows ?? [0, height];
  const [left, right] = crop?.columns ?? [0, width];
  const row = new Float64Array(sumCount);
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) {
      const g = truth[i]!;
      if (!(g > minDepth && g < maxDepth)) {
        if (Number.isNaN(g)) throw notFinite(imageId, 'truth', i, g);
        continue;
      }
      const raw = prediction[i]!;
      if (!Number.isFinite(raw)) throw notFinite(imageId, 'prediction', i, raw);
      const p = Math.min(Math.max(raw, minDepth), maxDepth);
      const difference = g - p;
      const log = Math.log(p / g);
      const ratio = Math.max(g / p, p / g);
      row[sums.pixels]!++;
      row[sums.squared]! += difference * difference;
      row[sums.squaredLog]! += log * log;
      row[sums.log]! += log;
      row[sums.absoluteLog10]! += Math.abs(log) * Math.LOG10E;
      row[sums.relative]! += Math.abs(difference) / g;
      row[sums.squaredRelative]! += (difference * difference) / g;
      if (ratio < 1.25) row[sums.delta1]!++;
      if (ratio < 1.25 ** 2) row[sums.delta2]!++;
      if (ratio < 1.25 ** 3) row[sums.delta3]!++;
    }
  }
  return row;
}

function notFinite(imageId: ImageId, field: string, index: number, got: number): Error {
  const fix = 'Write 0 where depth is unknown, and predict finite numbers.';
  return dataError({ id: imageId, field, index, got }, `Pixel ${index} has depth ${got}.`, fix);
}
