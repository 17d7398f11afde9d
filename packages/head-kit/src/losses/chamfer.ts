import { add, mul, type Scalar, square, sub, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { total } from './total.ts';

/** What the Chamfer loss needs to know of the nearest neighbours, a row a picture. From `matchChamfer`. */
export interface ChamferMatch {
  readonly shape: readonly [batch: number, bins: number];
  /** The depth nearest to each bin centre, `[B, N]`. */
  readonly nearest: Float32Array;
  /** Mean of the depths whose nearest centre this is, and their share of the picture's valid depths, `[B, N]`. */
  readonly mean: Float32Array;
  readonly share: Float32Array;
  /** The part of the loss that does not depend on the centres: spread of the depths around their bins' means. */
  readonly rest: number;
}

/**
 * Finds the nearest neighbours between bin centres and valid depths on the host: one binary search a depth instead of all pairs.
 *
 * @param centres `[B, N]`, read back from the device; any order  @param depths of each picture, metres; those below `minDepth` are left out
 */
export function matchChamfer(
  centres: ArrayLike<number>,
  depths: readonly ArrayLike<number>[],
  minDepth = 1e-3,
): ChamferMatch {
  const batch = depths.length;
  const bins = centres.length / Math.max(1, batch);
  const match = {
    shape: [batch, bins] as const,
    nearest: new Float32Array(batch * bins),
    mean: new Float32Array(batch * bins),
    share: new Float32Array(batch * bins),
  };
  let rest = 0;
  for (let b = 0; b < batch; b++) rest += matchPicture(centres, b * bins, bins, depths[b]!, minDepth, match) / batch;
  return { ...match, rest };
}

/**
 * Chamfer distance between bin centres and depths (AdaBins, weight 0.1): mean over centres of the squared distance to the nearest
 * depth, plus mean over depths of that to the nearest centre; mean over the batch.
 *
 * @param centres `[B, N]`, the tensor that `match` was made from
 */
export function chamferLoss(centres: Tensor2D, match: ChamferMatch): Scalar {
  const [batch, bins] = match.shape;
  const shape: [number, number] = [batch, bins];
  const toNearest = mul(square(sub(centres, tensor2d(match.nearest, shape))), 1 / bins);
  const toMean = mul(square(sub(centres, tensor2d(match.mean, shape))), tensor2d(match.share, shape));
  return add(mul(total(add(toNearest, toMean)), 1 / batch), match.rest) as Scalar;
}

/** Fills the rows of one picture; returns the mean squared distance of its depths from their bins' means. */
function matchPicture(
  centres: ArrayLike<number>,
  from: number,
  bins: number,
  depths: ArrayLike<number>,
  minDepth: number,
  { nearest, mean, share }: Omit<ChamferMatch, 'rest'>,
): number {
  const order = Array.from({ length: bins }, (_, k) => from + k).sort((x, y) => centres[x]! - centres[y]!);
  const sorted = Float64Array.from(order, (k) => centres[k]!);
  // Gap g holds the depths between centre g - 1 and centre g.
  const lowest = new Float64Array(bins + 1).fill(Number.POSITIVE_INFINITY);
  const highest = new Float64Array(bins + 1).fill(Number.NEGATIVE_INFINITY);
  const count = new Float64Array(bins);
  const sum = new Float64Array(bins);
  const squares = new Float64Array(bins);
  let valid = 0;
  for (let i = 0; i < depths.length; i++) {
    const depth = depths[i]!;
    if (!(depth >= minDepth)) continue;
    valid++;
    let gap = 0;
    for (let end = bins; gap < end; ) {
      const middle = (gap + end) >> 1;
      if (sorted[middle]! < depth) gap = middle + 1;
      else end = middle;
    }
    if (depth < lowest[gap]!) lowest[gap] = depth;
    if (depth > highest[gap]!) highest[gap] = depth;
    const bin = gap === bins || (gap > 0 && depth - sorted[gap - 1]! <= sorted[gap]! - depth) ? gap - 1 : gap;
    const offset = depth - sorted[bin]!;
    count[bin]!++;
    sum[bin]! += offset;
    squares[bin]! += offset * offset;
  }
  // Without depths there is nothing to be near to: the centres stay where they are.
  if (valid === 0) for (const k of order) nearest[k] = centres[k]!;
  if (valid === 0) return 0;

  const above = new Float64Array(bins + 1);
  above[bins] = lowest[bins]!;
  for (let g = bins - 1; g >= 0; g--) above[g] = Math.min(lowest[g]!, above[g + 1]!);
  let below = Number.NEGATIVE_INFINITY;
  let rest = 0;
  order.forEach((k, bin) => {
    below = Math.max(below, highest[bin]!);
    const centre = sorted[bin]!;
    const next = above[bin + 1]!;
    nearest[k] = centre - below <= next - centre ? below : next;
    if (count[bin] === 0) return;
    mean[k] = centre + sum[bin]! / count[bin]!;
    share[k] = count[bin]! / valid;
    rest += (squares[bin]! - (sum[bin]! * sum[bin]!) / count[bin]!) / valid;
  });
  return rest;
}
