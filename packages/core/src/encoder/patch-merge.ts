import { applyLinear } from '@glid/head-kit';
import { pad, reshape, type Tensor, type Tensor4D, transpose } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import type { ParameterRecord } from '../parameters/records.ts';

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

/** The layer between stages: norm over `4C`, then a reduction to `2C` without bias. `[..., 4C]` -> `[..., 2C]`. */
export function mergePatches<T extends Tensor>(parameters: ParameterRecord, stage: number, squares: T): T {
  const name = `encoder.stages.${stage}.merge`;
  return applyLinear(parameters, `${name}.reduction`, applyLayerNorm(parameters, `${name}.norm`, squares)) as T;
}
