import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { gather, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import { differentiable } from './gradient.ts';
import { requireShape } from './shape.ts';

/**
 * Rows of a matrix: `x [N, C]`, `indices` int32 `[M]` -> `[M, C]`. The gradient adds up the rows taken several times. Fold batches into N
 * (stock wasm reads outside the tensor with `batchDims`). Throws `GLID_SHAPE`; indices outside 0..N-1 are not checked.
 */
export function gatherRows(x: Tensor2D, indices: Tensor1D): Tensor2D {
  const fits = x.rank === 2 && indices.rank === 1 && indices.dtype === 'int32';
  requireShape(fits, 'gatherRows', 'x [N, C] and int32 indices [M]', { x, indices });
  const rows = x.shape[0];
  return differentiable<Tensor2D>(
    [x],
    (save) => {
      save([indices]);
      return gather(x, indices) as Tensor2D;
    },
    (dy, [indices]) => [unsortedSegmentSum(dy, indices as Tensor1D, rows)],
  );
}
