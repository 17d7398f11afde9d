import { GlidError } from '@glid/base';
import { reshape, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import { resident } from '../parameters/resident.ts';
import type { Size } from './window-geometry.ts';

/** 0/1 over a token grid, `[B, H, W]` row-major. */
export interface GridMask {
  readonly data: Float32Array;
  readonly shape: readonly [batch: number, height: number, width: number];
}

/** 1 inside the upper left rectangle of each picture. `sizes` and `grid` in tokens. */
export function rectangleMask(sizes: readonly Size[], grid: Size): GridMask {
  const [height, width] = grid;
  const data = new Float32Array(sizes.length * height * width);
  sizes.forEach(([rows, columns], b) => {
    for (let y = 0; y < Math.min(rows, height); y++) {
      const start = (b * height + y) * width;
      data.fill(1, start, start + Math.min(columns, width));
    }
  });
  return { data, shape: [sizes.length, height, width] };
}

/** Sizes in pixels -> sizes in tokens of `stride` pixels a side. */
export function tokenSizes(sizes: readonly Size[], stride: number): Size[] {
  return sizes.map(([height, width]) => [Math.ceil(height / stride), Math.ceil(width / stride)]);
}

/** As a tensor `[B, H, W]`, uploaded once a scope. */
export function maskTensor(mask: GridMask): Tensor3D {
  return resident(mask.data, [...mask.shape]);
}

/** As a tensor `[B, H, W, 1]`, to multiply maps with. */
export function maskColumn(mask: GridMask): Tensor4D {
  return reshape(maskTensor(mask), [...mask.shape, 1]);
}

/** Null when every picture fills the batch; else the sizes, checked. */
export function paddedSizes(
  sizes: readonly Size[] | null | undefined,
  shape: readonly number[],
): readonly Size[] | null {
  if (!sizes) return null;
  const [batch, height, width] = shape as readonly [number, number, number];
  const fits = sizes.every(([h, w]) => h >= 1 && w >= 1 && h <= height && w <= width);
  if (sizes.length !== batch || !fits) {
    throw new GlidError('GLID_SHAPE', `The picture sizes do not fit a batch of shape [${shape.join(', ')}].`, {
      fix: 'Give one [height, width] a picture, at most as large as the batch.',
      details: { sizes, shape },
    });
  }
  return sizes.every(([h, w]) => h === height && w === width) ? null : sizes;
}
