import { differentiable } from '@glid/ops';
import {
  abs,
  add,
  exp,
  log1p,
  mul,
  neg,
  relu,
  type Scalar,
  sigmoid,
  sub,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { totalOver } from './total.ts';

/** `log(1 + e^x)` without overflow. */
export function softplusValue(x: Tensor): Tensor {
  return add(relu(x), log1p(exp(neg(abs(x)))));
}

/**
 * Binary cross-entropy of each logit, `softplus(x) - x t`: stable for any logit. Targets get no gradient.
 *
 * @param logits any shape  @param targets the same shape, in 0..1
 */
export function sigmoidCrossEntropy<T extends Tensor>(logits: T, targets: Tensor): T {
  return differentiable<T>(
    [logits],
    (save) => {
      save([logits, targets]);
      return sub(softplusValue(logits), mul(logits, targets)) as T;
    },
    (dy, [x, t]) => [mul(dy, sub(sigmoid(x!), t!))],
  );
}

/**
 * Mask cross-entropy: mean over the points of a mask, sum over masks, divided by `normalizer` (Mask2Former `sigmoid_ce_loss`).
 *
 * @param logits `[N, P]`  @param targets `[N, P]`, 0..1  @param normalizer number of masks (mean over ranks, at least 1)
 */
export function maskCrossEntropyLoss(logits: Tensor2D, targets: Tensor2D, normalizer: number): Scalar {
  return totalOver(sigmoidCrossEntropy(logits, targets), normalizer * Math.max(1, logits.shape[1]));
}
