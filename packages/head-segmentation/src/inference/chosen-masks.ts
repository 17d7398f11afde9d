import { gatherRows } from '@glid/ops';
import { reshape, type Tensor2D, type Tensor3D, type Tensor4D, tensor1d, transpose } from '@tensorflow/tfjs-core';

/** The masks of some queries with the queries last, as resizing wants them: `[M, h, w]` -> `[1, h, w, S]`. */
export function chosenMasks(masks: Tensor3D, queries: readonly number[]): Tensor4D {
  const [count, height, width] = masks.shape;
  const rows = gatherRows(reshape(masks, [count, height * width]) as Tensor2D, tensor1d([...queries], 'int32'));
  return reshape(transpose(rows), [1, height, width, queries.length]) as Tensor4D;
}
