import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { gather, matMul, reshape, tensor1d, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { constantTensor } from './constants.ts';
import { differentiable } from './gradient.ts';
import { requireShape } from './shape.ts';

/**
 * Swin's bias of all pairs of window positions: `table [(2 wh - 1)(2 ww - 1), heads]` -> `[heads, N, N]`, N = wh ww; entry (i, j) is the
 * table row of offset (yi - yj + wh - 1) (2 ww - 1) + (xi - xj + ww - 1) (Liu et al. 2021, eq. 4 and released code).
 * The gradient sums over pairs as two small matrix products, so it needs no scatter kernel and is the same in every run.
 * Throws `GLID_SHAPE`.
 */
export function relativePositionBias(table: Tensor2D, window: readonly [number, number]): Tensor3D {
  checkTable(table, window);
  return differentiable<Tensor3D>(
    [table],
    () => biasOfPairs(table, window),
    (dy) => [sumOverPairs(dy, window)],
  );
}

/** Throws `GLID_SHAPE`. */
export function checkTable(table: Tensor2D, [height, width]: readonly [number, number]): void {
  const rows = (2 * height - 1) * (2 * width - 1);
  requireShape(table.rank === 2 && table.shape[0] === rows, 'relativePositionBias', `table [${rows}, heads]`, {
    table,
  });
}

/** The bias without a gradient, for use inside `differentiable`. */
export function biasOfPairs(table: Tensor2D, [height, width]: readonly [number, number]): Tensor3D {
  const positions = height * width;
  const pairs = gather(table, pairIndex(height, width));
  return reshape(transpose(pairs, [1, 0]), [table.shape[1], positions, positions]) as Tensor3D;
}

/** `[N * N]` table rows. Cached. */
function pairIndex(height: number, width: number): Tensor1D {
  return constantTensor(`pair-index ${height}x${width}`, () => {
    const positions = height * width;
    const index = new Int32Array(positions * positions);
    for (let i = 0, at = 0; i < positions; i++) {
      for (let j = 0; j < positions; j++, at++) {
        const dy = Math.floor(i / width) - Math.floor(j / width) + height - 1;
        const dx = (i % width) - (j % width) + width - 1;
        index[at] = dy * (2 * width - 1) + dx;
      }
    }
    return tensor1d(index, 'int32');
  });
}

/** `[2 n - 1, n * n]`, 1 where the offset of the pair (i, j) along one axis is the row's. Cached. */
function offsetOfPairs(n: number): Tensor2D {
  return constantTensor(`offset-of-pairs ${n}`, () => {
    const values = new Float32Array((2 * n - 1) * n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) values[(i - j + n - 1) * n * n + i * n + j] = 1;
    }
    return tensor2d(values, [2 * n - 1, n * n]);
  });
}

/** `[heads, N, N]` -> `[(2 wh - 1)(2 ww - 1), heads]`: first over the pairs of columns, then over the pairs of rows. */
export function sumOverPairs(dy: Tensor3D, [height, width]: readonly [number, number]): Tensor2D {
  const heads = dy.shape[0];
  const offsetsX = 2 * width - 1;
  const byAxis = transpose(reshape(dy, [heads * height, width, height, width]), [0, 2, 1, 3]);
  const columns = matMul(reshape(byAxis, [heads * height * height, width * width]), offsetOfPairs(width), false, true);
  const rowsLast = transpose(reshape(columns, [heads, height * height, offsetsX]), [1, 2, 0]);
  const table = matMul(offsetOfPairs(height), reshape(rowsLast, [height * height, offsetsX * heads]));
  return reshape(table, [(2 * height - 1) * offsetsX, heads]) as Tensor2D;
}
