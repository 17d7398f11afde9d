import {
  abs,
  add,
  div,
  log,
  matMul,
  mul,
  prod,
  relu,
  reshape,
  sigmoid,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';

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
    const crossEntropy = mul(sub(softplusSums(logits), matMul(logits, targets, false, true)), 1 / points);
    const p = sigmoid(logits);
    const overlap = add(mul(matMul(p, targets, false, true), 2), 1);
    const areas = add(add(sum(p, 1, true), sum(targets, 1)), 1);
    return { crossEntropy: crossEntropy as Tensor2D, dice: sub(1, div(overlap, areas)) as Tensor2D };
  });
}

/**
 * Sum of softplus(x) over each row, `[Q, 1]`: softplus(x) = relu(x) - log sigmoid(|x|), and a sum of logarithms is the logarithm of a product,
 * which spares nearly all of them. Factors are at least 1/2, so 64 of them stay far above the least float32.
 */
function softplusSums(logits: Tensor2D): Tensor {
  const [rows, points] = logits.shape;
  let together = 1;
  while (together < 64 && points % (2 * together) === 0) together *= 2;
  const factors = reshape(sigmoid(abs(logits)), [rows, points / together, together]);
  return sub(sum(relu(logits), 1, true), sum(log(prod(factors, 2)), 1, true));
}
