import {
  abs,
  add,
  concat,
  div,
  log,
  matMul,
  mul,
  ones,
  relu,
  sigmoid,
  slice,
  sub,
  sum,
  type Tensor2D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/**
 * Pairwise mask costs on shared points (Mask2Former's matcher): mean cross-entropy and dice of every query with every target.
 * Points come first, so that a sum over points is one more row of a matrix product. No gradient is meant to flow; the caller disposes both.
 *
 * @param logits `[P, Q]`, e.g. of `sampleShared`  @param targets `[T, P]`, 0..1  @returns `[Q, T]` each
 */
export function maskCosts(logits: Tensor2D, targets: Tensor2D): { crossEntropy: Tensor2D; dice: Tensor2D } {
  return tidy(() => {
    const [points, queries] = logits.shape;
    const count = targets.shape[0];
    const rows = concat([targets, ones([1, points])], 0) as Tensor2D; // [T + 1, P], the last sums
    const summed = (x: Tensor2D): [Tensor2D, Tensor2D] => {
      const all = matMul(rows, x);
      return [slice(all, [0, 0], [count, queries]), slice(all, [count, 0], [1, queries])];
    };
    // softplus(x) - x t, summed over points.
    const total = matMul(ones([1, points]), relu(logits));
    const softplus = sub(total, logSigmoidSums(logits));
    const crossEntropy = mul(sub(softplus, matMul(targets, logits)), 1 / points);
    const [overlap, areas] = summed(sigmoid(logits));
    const dice = sub(1, div(add(mul(overlap, 2), 1), add(add(areas, sum(targets, 1, true)), 1)));
    return { crossEntropy: transpose(crossEntropy) as Tensor2D, dice: transpose(dice) as Tensor2D };
  });
}

/**
 * Sum of log sigmoid(|x|) over points, `[1, Q]`. A sum of logarithms is the logarithm of a product, which spares nearly all of them: halves are
 * multiplied up to six times. Factors are at least 1/2, so 64 of them stay far above the least float32.
 */
function logSigmoidSums(logits: Tensor2D): Tensor2D {
  const queries = logits.shape[1];
  let factors = sigmoid(abs(logits));
  for (let i = 0; i < 6 && factors.shape[0] % 2 === 0; i++) {
    const half = factors.shape[0] / 2;
    factors = mul(slice(factors, [0, 0], [half, queries]), slice(factors, [half, 0], [half, queries]));
  }
  return matMul(ones([1, factors.shape[0]]), log(factors));
}
