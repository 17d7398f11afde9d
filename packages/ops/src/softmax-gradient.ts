import type { Tensor4D } from '@tensorflow/tfjs-core';
import { matMul, mul, sub, sum } from '@tensorflow/tfjs-core';

/** Added to the logit of a key that may not be attended: its weight underflows to exactly 0 beside any visible key. */
export const maskedLogit = -1e9;

/** Gradient of a softmax over the last axis: `P (dP - sum(P dP))`. */
export function softmaxGradient(weights: Tensor4D, dweights: Tensor4D): Tensor4D {
  const product = mul(weights, dweights);
  return sub(product, mul(weights, sum(product, -1, true))) as Tensor4D;
}

/** Gradients of `logits = (scale q) k^T`, all `[B, heads, L, D]` and `[B, heads, Lq, Lk]`. */
export function logitsGradient(
  dlogits: Tensor4D,
  scaledQ: Tensor4D,
  k: Tensor4D,
  scale: number,
): [dq: Tensor4D, dk: Tensor4D] {
  return [mul(matMul(dlogits, k), scale) as Tensor4D, matMul(dlogits, scaledQ, true, false) as Tensor4D];
}
