import { GlidError } from '@glid/base';

/** Costs of pairing queries with targets, row-major `[queries, targets]`; the `add…` functions accumulate weighted parts in place. */
export interface CostMatrix {
  readonly queries: number;
  readonly targets: number;
  readonly values: Float64Array;
}

/** A matrix of zeros, one row a query and one column a target: `[Q, T]`, for the `add…Costs` functions to fill. */
export function costMatrix(queries: number, targets: number): CostMatrix {
  return { queries, targets, values: new Float64Array(queries * targets) };
}

/**
 * Adds `-weight * p[query, class of target]` (DETR's class cost).
 *
 * @param probabilities `[Q, K]`, from `softmaxRows`  @param classes `[T]`
 */
export function addClassCosts(
  costs: CostMatrix,
  weight: number,
  probabilities: ArrayLike<number>,
  classes: ArrayLike<number>,
): void {
  const { queries, targets, values } = costs;
  const width = probabilities.length / Math.max(1, queries);
  checkLength('classes', classes.length, targets);
  for (let t = 0; t < targets; t++) {
    const label = classes[t]!;
    if (!(label >= 0 && label < width)) {
      throw new GlidError('GLID_DATA', `Target ${t} has class ${label}, outside 0..${width - 1}.`, {
        fix: 'Map the class to an index of the label list.',
        details: { target: t, class: label },
      });
    }
    for (let q = 0; q < queries; q++) values[q * targets + t]! -= weight * probabilities[q * width + label]!;
  }
}

/** Adds `weight * sum |box - target|`. Boxes `[Q, 4]` and targets `[T, 4]` in the same, any, form. */
export function addL1Costs(
  costs: CostMatrix,
  weight: number,
  boxes: ArrayLike<number>,
  targets: ArrayLike<number>,
): void {
  const { queries, targets: count, values } = costs;
  checkLength('boxes', boxes.length, queries * 4);
  checkLength('target boxes', targets.length, count * 4);
  for (let q = 0, i = 0; q < queries; q++) {
    const a = q * 4;
    for (let b = 0; b < count * 4; b += 4, i++) {
      const distance =
        Math.abs(boxes[a]! - targets[b]!) +
        Math.abs(boxes[a + 1]! - targets[b + 1]!) +
        Math.abs(boxes[a + 2]! - targets[b + 2]!) +
        Math.abs(boxes[a + 3]! - targets[b + 3]!);
      values[i]! += weight * distance;
    }
  }
}

/** Adds `-weight * GIoU` (Rezatofighi et al. 2019). Boxes `[Q, 4]` and targets `[T, 4]` as x0 y0 x1 y1. */
export function addGiouCosts(
  costs: CostMatrix,
  weight: number,
  boxes: ArrayLike<number>,
  targets: ArrayLike<number>,
): void {
  const { queries, targets: count, values } = costs;
  checkLength('boxes', boxes.length, queries * 4);
  checkLength('target boxes', targets.length, count * 4);
  for (let q = 0, i = 0; q < queries; q++) {
    const a = q * 4;
    const [x0, y0, x1, y1] = [boxes[a]!, boxes[a + 1]!, boxes[a + 2]!, boxes[a + 3]!];
    const area = (x1 - x0) * (y1 - y0);
    for (let b = 0; b < count * 4; b += 4, i++) {
      const u0 = targets[b]!;
      const v0 = targets[b + 1]!;
      const u1 = targets[b + 2]!;
      const v1 = targets[b + 3]!;
      const width = Math.min(x1, u1) - Math.max(x0, u0);
      const height = Math.min(y1, v1) - Math.max(y0, v0);
      const intersection = width > 0 && height > 0 ? width * height : 0;
      const union = area + (u1 - u0) * (v1 - v0) - intersection;
      const hull = (Math.max(x1, u1) - Math.min(x0, u0)) * (Math.max(y1, v1) - Math.min(y0, v0));
      const giou = (union > 0 ? intersection / union : 0) - (hull > 0 ? (hull - union) / hull : 0);
      values[i]! -= weight * giou;
    }
  }
}

/** Adds `weight * costs` computed elsewhere, `[Q, T]`: for instance one layer and picture of `maskCosts`, transposed. */
export function addCosts(costs: CostMatrix, weight: number, more: ArrayLike<number>): void {
  checkLength('costs', more.length, costs.values.length);
  for (let i = 0; i < more.length; i++) costs.values[i]! += weight * more[i]!;
}

function checkLength(what: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new GlidError('GLID_SHAPE', `The cost matrix needs ${expected} numbers of ${what}, got ${got}.`, {
    fix: 'Pass the arrays of the same picture, with the counts the matrix was made for.',
    details: { what, got, expected },
  });
}
