import {
  add,
  concat,
  fill,
  gather,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  transpose,
} from '@tensorflow/tfjs-core';
import { resident } from '../../parameters/resident.ts';
import type { AttentionGroups } from './attention-groups.ts';
import { inverseMap, moveRows } from './row-map.ts';

/** Far below any logit: its weight is exactly 0 in float32. */
const forbiddenLogit = -1e9;

/**
 * Window attention among visible tokens only.
 *
 * @param product queries, keys and values before their bias, `[T, 3C]`  @param bias theirs, `[3C]`
 * @param table of relative positions for the window of `groups`, `[rows, heads]`
 * @returns `[T, C]`
 */
export function groupedAttention(
  product: Tensor2D,
  bias: Tensor1D,
  table: Tensor2D,
  groups: AttentionGroups,
  heads: number,
): Tensor2D {
  const slots = add(moveRows(product, groups.toSlots), bias) as Tensor2D;
  const channels = product.shape[1] / 3;
  const width = channels / heads;
  const { count, size } = groups;
  const perHead = (part: number): Tensor3D => {
    const columns = slice(slots, [0, part * channels], [count * size, channels]);
    const split = transpose(reshape(columns, [count * size, heads, width]), [1, 0, 2]);
    return reshape(split, [heads * count, size, width]);
  };
  const logits = matMul(mul(perHead(0), width ** -0.5) as Tensor3D, perHead(1), false, true);
  const weights = softmax(add(logits, positionLogits(table, groups, heads)) as Tensor3D);
  const mixed = reshape(matMul(weights, perHead(2)), [heads, count * size, width]);
  const joined = reshape(transpose(mixed, [1, 0, 2]), [count * size, channels]) as Tensor2D;
  return moveRows(joined, inverseMap(groups.toSlots));
}

/** Position bias and prohibition in one: `[heads * count, size, size]`. */
function positionLogits(table: Tensor2D, { positions, count, size }: AttentionGroups, heads: number): Tensor3D {
  const rows = concat([transpose(table), fill([heads, 1], forbiddenLogit)], 1) as Tensor2D;
  const chosen = gather(rows, resident(positions, [positions.length]) as Tensor1D, 1);
  return reshape(chosen, [heads * count, size, size]);
}
