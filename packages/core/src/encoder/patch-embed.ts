import { linear } from '@glid/ops';
import {
  pad,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  transpose,
} from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import { patchSize } from './swin-config.ts';

/**
 * Cuts images into squares of `side` pixels, one row a square: `[B, H, W, 3]` -> `[B * H/side * W/side, side * side * 3]`, the
 * pixels of a row in (row, column, channel) order (as MAE). Sides that are no multiple are padded with zeros, right and bottom.
 */
export function patchRows(images: Tensor4D, side: number): Tensor2D {
  const [batch, height, width, channels] = images.shape;
  const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
  const whole =
    rows * side === height && columns * side === width
      ? images
      : pad(images, [
          [0, 0],
          [0, rows * side - height],
          [0, columns * side - width],
          [0, 0],
        ]);
  const bands = reshape(whole, [batch * rows, side, columns, side * channels]);
  return reshape(transpose(bands, [0, 2, 1, 3]), [batch * rows * columns, side * side * channels]);
}

/** Patch rows `[T, 48]` -> tokens `[T, embed]`: the 4 x 4 stride-4 convolution as a matrix product, then layer norm. */
export function embedPatches<T extends Tensor>(parameters: ParameterRecord, rows: T): T {
  const kernel = parameter(parameters, 'encoder.patchEmbed.kernel');
  const embed = kernel.shape[3]!;
  const flat = reshape(kernel, [patchSize * patchSize * 3, embed]) as Tensor2D;
  const tokens = linear(rows, flat, parameter(parameters, 'encoder.patchEmbed.bias') as Tensor1D);
  return applyLayerNorm(parameters, 'encoder.patchEmbed.norm', tokens);
}
