import {
  add,
  div,
  mul,
  type Scalar,
  scalar,
  sigmoid,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { totalOver } from './total.ts';

/**
 * Dice loss of each mask, `1 - (2 sum(p t) + 1) / (sum p + sum t + 1)` with p = sigmoid(logits) (DETR, Mask2Former: the +1 smooths
 * empty masks).
 *
 * @param logits `[N, P]`  @param targets `[N, P]`, 0..1  @returns `[N]`
 */
export function dice(logits: Tensor2D, targets: Tensor2D): Tensor1D {
  const p = sigmoid(logits);
  const overlap = add(mul(sum(mul(p, targets), 1), 2), 1);
  const areas = add(add(sum(p, 1), sum(targets, 1)), 1);
  return sub(1, div(overlap, areas)) as Tensor1D;
}

/** Sum of the dice losses over masks, divided by `normalizer` (number of masks, at least 1). `[N, P]` each. */
export function diceLoss(logits: Tensor2D, targets: Tensor2D, normalizer: number): Scalar {
  return logits.shape[0] === 0 ? scalar(0) : totalOver(dice(logits, targets), normalizer);
}
