import { add, div, matMul, mul, relu, sigmoid, softmax, sum, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';

/** How raw numbers become shares of the depth range: BinsFormer's softmax, AdaBins' `(relu(x) + 0.1) / sum` or `sigmoid / sum`. */
export type BinNorm = 'softmax' | 'linear' | 'sigmoid';

/** Bin widths as shares of the range; each row sums to 1. `[B, N] -> [B, N]`. */
export function binWidths(raw: Tensor2D, norm: BinNorm = 'softmax'): Tensor2D {
  if (norm === 'softmax') return softmax(raw);
  const positive = norm === 'linear' ? add(relu(raw), 0.1) : sigmoid(raw);
  return div(positive, sum(positive, 1, true)) as Tensor2D;
}

/**
 * Bin centres in metres, `c_i = low + (high - low) (w_i / 2 + sum_{j<i} w_j)`: strictly increasing, inside (low, high).
 *
 * @param widths `[B, N]`, rows sum to 1  @returns `[B, N]`
 */
export function binCentres(widths: Tensor2D, low: number, high: number): Tensor2D {
  const n = widths.shape[1];
  const below = new Float32Array(n * n);
  for (let j = 0; j < n; j++) {
    below[j * n + j] = 0.5;
    for (let i = j + 1; i < n; i++) below[j * n + i] = 1;
  }
  return add(mul(matMul(widths, tensor2d(below, [n, n])), high - low), low) as Tensor2D;
}
