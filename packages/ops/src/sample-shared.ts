import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { addN, mul, reshape, tensor1d, tensor2d, tidy, transpose } from '@tensorflow/tfjs-core';
import { gatherRows } from './gather-rows.ts';

/**
 * Bilinear samples of all maps at the same points: `maps [N, H, W]`, `points [P * 2]` as (x, y) in 0..1 -> `[P, N]`. The numbers of `samplePoints`
 * (pixel centres at half integers, zero outside), far cheaper when points are shared: a point takes four rows of N values. Without gradient.
 */
export function sampleShared(maps: Tensor3D, points: Float32Array): Tensor2D {
  const [count, height, width] = maps.shape;
  return tidy(() => {
    const cells = transpose(reshape(maps, [count, height * width])) as Tensor2D; // [H W, N]
    const corners = cornersOf(points, height, width).map(({ cell, share }) =>
      mul(gatherRows(cells, tensor1d(cell, 'int32')), tensor2d(share, [share.length, 1])),
    );
    return addN(corners) as Tensor2D;
  });
}

interface Corner {
  /** `[P]` row-major cell; any cell where the share is 0. */
  readonly cell: Int32Array;
  /** `[P]` */
  readonly share: Float32Array;
}

/** The four cells around every point, and their shares of its value. */
function cornersOf(points: Float32Array, height: number, width: number): Corner[] {
  const count = points.length / 2;
  const corners = Array.from({ length: 4 }, () => ({ cell: new Int32Array(count), share: new Float32Array(count) }));
  for (let p = 0; p < count; p++) {
    const x = points[2 * p]! * width - 0.5;
    const y = points[2 * p + 1]! * height - 0.5;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    for (let k = 0; k < 4; k++) {
      const [column, row] = [left + (k & 1), top + (k >> 1)];
      if (column < 0 || column >= width || row < 0 || row >= height) continue;
      corners[k]!.cell[p] = row * width + column;
      corners[k]!.share[p] = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
    }
  }
  return corners;
}
