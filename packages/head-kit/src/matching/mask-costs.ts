import { add, div, matMul, mul, sigmoid, sub, sum, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { softplusValue } from '../losses/sigmoid-cross-entropy.ts';

/**
 * Pairwise mask costs on shared points (Mask2Former's matcher): mean cross-entropy and dice of every query with every target.
 * No gradient is meant to flow; the caller disposes both.
 *
 * @param logits `[Q, P]`  @param targets `[T, P]`, 0..1  @returns `[Q, T]` each
 */
export function maskCosts(logits: Tensor2D, targets: Tensor2D): { crossEntropy: Tensor2D; dice: Tensor2D } {
  return tidy(() => {
    const points = logits.shape[1];
    // softplus(x) - x t, summed over points, is one product plus a column.
    const crossEntropy = mul(
      sub(sum(softplusValue(logits), 1, true), matMul(logits, targets, false, true)),
      1 / points,
    );
    const p = sigmoid(logits);
    const overlap = add(mul(matMul(p, targets, false, true), 2), 1);
    const areas = add(add(sum(p, 1, true), sum(targets, 1)), 1);
    return { crossEntropy: crossEntropy as Tensor2D, dice: sub(1, div(overlap, areas)) as Tensor2D };
  });
}
