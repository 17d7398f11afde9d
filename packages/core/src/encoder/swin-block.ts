import { applyLinear } from '@glid/head-kit';
import { dropPath, relativeWindowAttention } from '@glid/ops';
import { add, mul, pad, slice, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { addLinear, applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import type { BlockDrop } from './drop-path.ts';
import { tableForWindow } from './position-table.ts';
import { type GridMask, maskColumn, maskTensor } from './validity.ts';
import type { WindowGeometry } from './window-geometry.ts';

/** What a block is told beside its tokens and parameters. */
export interface BlockSetting {
  readonly heads: number;
  /** The window side that the table of relative positions was made for. */
  readonly side: number;
  readonly geometry: WindowGeometry;
  /** 1 where a token shows the picture; the others count as window padding. `[B, H, W]` */
  readonly tokenMask?: GridMask | undefined;
  /** 1 where a token of the padded grid may be attended. `[B, Hp, Wp]` */
  readonly keyMask?: GridMask | undefined;
  readonly drop?: BlockDrop | undefined;
}

/**
 * One Swin block: norm, shifted-window attention, norm, MLP, each added to its input (Liu et al. 2021, eq. 3).
 * `x [B, H, W, C]` -> the same shape. Pure: it may be computed a second time for its gradient.
 *
 * @param parameters the block's own, as `blockSpecs` names them
 */
export function swinBlock(x: Tensor4D, parameters: ParameterRecord, setting: BlockSetting): Tensor4D {
  const { tokenMask, drop } = setting;
  const normed = applyLayerNorm(parameters, 'norm1', x);
  const shown: Tensor4D = tokenMask ? mul(normed, maskColumn(tokenMask)) : normed;
  const attended = attention(shown, parameters, setting);
  const y = addBranch(x, attended, parameters, 'attention.projection', drop?.attention, drop);
  return addBranch(y, mlpHidden(y, parameters), parameters, 'mlp.fc2', drop?.mlp, drop);
}

/** The second half of a block without its residual: norm, expansion, GELU, contraction. `[..., C]` -> `[..., C]`. */
export function mlp<T extends Tensor>(x: T, parameters: ParameterRecord): T {
  return applyLinear(parameters, 'mlp.fc2', mlpHidden(x, parameters)) as T;
}

function mlpHidden(x: Tensor, parameters: ParameterRecord): Tensor {
  return applyLinear(parameters, 'mlp.fc1', applyLayerNorm(parameters, 'norm2', x), 'gelu');
}

/** `x` plus a branch, which ends in the linear layer `name`; some pictures' branches are dropped in training. */
function addBranch(
  x: Tensor4D,
  branch: Tensor,
  parameters: ParameterRecord,
  name: string,
  keep: Float32Array | undefined,
  drop: BlockDrop | undefined,
): Tensor4D {
  if (!drop || !keep) return addLinear(parameters, name, branch, x);
  return add(x, dropPath(applyLinear(parameters, name, branch), keep, drop.keepProbability)) as Tensor4D;
}

/** Window attention before its projection. */
function attention(x: Tensor4D, parameters: ParameterRecord, setting: BlockSetting): Tensor4D {
  const { grid, window, shift } = setting.geometry;
  const table = parameter(parameters, 'attention.relativePositionTable') as Tensor2D;
  const attended = relativeWindowAttention(
    paddedQueriesKeysValues(x, parameters, setting.geometry),
    tableForWindow(table, setting.side, window),
    { heads: setting.heads, window, shift, ...(setting.keyMask && { keyMask: maskTensor(setting.keyMask) }) },
  );
  const [batch, height, width, channels] = attended.shape;
  const whole = height === grid[0] && width === grid[1];
  return whole ? attended : slice(attended, [0, 0, 0, 0], [batch, grid[0], grid[1], channels]);
}

/** Padding is zero before the projection, so it is the projection's bias after it: no products are spent on it. */
function paddedQueriesKeysValues(x: Tensor4D, parameters: ParameterRecord, geometry: WindowGeometry): Tensor4D {
  const [right, bottom] = [geometry.padded[1] - geometry.grid[1], geometry.padded[0] - geometry.grid[0]];
  if (right === 0 && bottom === 0) return applyLinear(parameters, 'attention.qkv', x) as Tensor4D;
  const product = applyLinear({ 'qkv.kernel': parameter(parameters, 'attention.qkv.kernel') }, 'qkv', x) as Tensor4D;
  const wide = pad(product, [
    [0, 0],
    [0, bottom],
    [0, right],
    [0, 0],
  ]);
  return add(wide, parameter(parameters, 'attention.qkv.bias')) as Tensor4D;
}
