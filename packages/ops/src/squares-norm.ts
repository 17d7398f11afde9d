import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { engine, pad, reshape, transpose } from '@tensorflow/tfjs-core';
import { hasGlidKernel, runGlidKernel } from './kernel.ts';
import { layerNorm } from './layer-norm.ts';
import { requireShape } from './shape.ts';

const epsilon = 1e-5;

/**
 * Lays every 2 x 2 square of tokens side by side in the order (0,0), (1,0), (0,1), (1,1) of (row, column):
 * `[B, H, W, C]` -> `[B, ceil(H/2), ceil(W/2), 4C]`. Odd grids are padded with zeros, right and bottom.
 */
export function squaresOfFour(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const even =
    height % 2 === 0 && width % 2 === 0
      ? x
      : pad(x, [
          [0, 0],
          [0, 2 * rows - height],
          [0, 2 * columns - width],
          [0, 0],
        ]);
  const bands = reshape(even, [batch * rows, 2, 2 * columns, channels]);
  return reshape(transpose(bands, [0, 2, 1, 3]), [batch, rows, columns, 4 * channels]);
}

/**
 * Layer normalisation of `squaresOfFour(x)`: `gamma`, `beta [4C]`. Kernel, for even grids and while nothing is differentiated:
 * `GlidSquaresNorm`. Throws `GLID_SHAPE`.
 */
export function squaresNorm(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D): Tensor4D {
  const [, height, width, channels] = x.shape;
  const even = height % 2 === 0 && width % 2 === 0;
  if (!even || engine().isTapeOn() || !hasGlidKernel('GlidSquaresNorm')) {
    return layerNorm(squaresOfFour(x), gamma, beta, epsilon);
  }
  const fits = [gamma, beta].every((t) => t.rank === 1 && t.size === 4 * channels);
  requireShape(fits, 'squaresNorm', 'x [B, H, W, C], gamma [4C], beta [4C]', { x, gamma, beta });
  return runGlidKernel('GlidSquaresNorm', { x, gamma, beta }, { epsilon })![0] as Tensor4D;
}
