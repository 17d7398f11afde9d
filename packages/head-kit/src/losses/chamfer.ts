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
 * Finds the nearest neighbours between bin centres and valid depths, on the host: sorting instead of comparing all pairs.
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
  const nearest = new Float32Array(batch * bins);
  const mean = new Float32Array(batch * bins);
  const share = new Float32Array(batch * bins);
  let rest = 0;
  for (let b = 0; b < batch; b++) {
    const from = b * bins;
    const order = Array.from({ length: bins }, (_, i) => from + i).sort((x, y) => centres[x]! - centres[y]!);
    const sorted = validSorted(depths[b]!, minDepth);
    if (sorted.length === 0) {
      // Nothing to be near to: the centres of this picture stay where they are.
      for (const i of order) nearest[i] = centres[i]!;
      continue;
    }
    let at = 0;
    let start = 0;
    order.forEach((i, k) => {
      const centre = centres[i]!;
      while (at + 1 < sorted.length && Math.abs(sorted[at + 1]! - centre) <= Math.abs(sorted[at]! - centre)) at++;
      nearest[i] = sorted[at]!;
      // The depths up to half-way to the next centre belong to this one.
      const next = order[k + 1];
      const border = next === undefined ? Number.POSITIVE_INFINITY : (centre + centres[next]!) / 2;
      let end = start;
      let sum = 0;
      while (end < sorted.length && sorted[end]! <= border) sum += sorted[end++]!;
      const members = end - start;
      if (members > 0) {
        const middle = sum / members;
        mean[i] = middle;
        share[i] = members / sorted.length;
        for (let j = start; j < end; j++) rest += (sorted[j]! - middle) ** 2 / sorted.length;
      }
      start = end;
    });
  }
  return { shape: [batch, bins], nearest, mean, share, rest: rest / Math.max(1, batch) };
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

function validSorted(depths: ArrayLike<number>, minDepth: number): Float32Array {
  const valid = new Float32Array(depths.length);
  let n = 0;
  for (let i = 0; i < depths.length; i++) {
    const d = depths[i]!;
    if (d >= minDepth) valid[n++] = d;
  }
  return valid.subarray(0, n).sort();
}
