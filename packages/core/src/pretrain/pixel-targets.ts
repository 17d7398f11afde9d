import { withoutGradient } from '@glid/ops';
import {
  add,
  div,
  gather,
  mean,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { patchRows } from '../encoder/patch-embed.ts';
import { resident } from '../parameters/resident.ts';
import type { MaskDraw } from './mask-draw.ts';
import type { PretrainConfig } from './pretrain-config.ts';

/**
 * The pixels that the mask queries are to answer with, `[B, N, unit * unit * 3]` in (row, column, channel) order. `normalized`:
 * `(t - mean) / sqrt(variance + 1e-6)` over all values of a unit, variance unbiased (MAE). A constant to gradients.
 */
export function pixelTargets(
  images: Tensor4D,
  { unit, target }: Pick<PretrainConfig, 'unit' | 'target'>,
  { units, hidden, count }: MaskDraw,
): Tensor3D {
  return withoutGradient(() => {
    const [batch, rows, columns] = units.shape;
    const cells = hidden.map((position, i) => Math.floor(i / count) * rows * columns + position);
    const values = unit * unit * 3;
    const pixels = gather(patchRows(images, unit), resident(cells, [cells.length]) as Tensor1D);
    const patches = reshape(pixels, [batch, count, values]) as Tensor3D;
    return target === 'raw' ? patches : normalizedRows(patches);
  });
}

/** `(t - mean) / sqrt(variance + 1e-6)` over the last axis, variance unbiased: `[B, N, V]` -> `[B, N, V]`. */
export function normalizedRows(patches: Tensor3D): Tensor3D {
  const centred = sub(patches, mean(patches, 2, true));
  const variance = mul(sum(square(centred), 2, true), 1 / (patches.shape[2] - 1));
  return div(centred, sqrt(add(variance, 1e-6))) as Tensor3D;
}
