import { applyLinear } from '@glid/head-kit';
import { dropPath, windowAttention } from '@glid/ops';
import { add, mul, pad, slice, type Tensor, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import type { BlockDrop } from './drop-path.ts';
import { windowBias } from './position-table.ts';
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
  const dropped = (branch: Tensor4D, keep: Float32Array | undefined): Tensor4D =>
    drop && keep ? dropPath(branch, keep, drop.keepProbability) : branch;
  const normed = applyLayerNorm(parameters, 'norm1', x);
  const shown: Tensor4D = tokenMask ? mul(normed, maskColumn(tokenMask)) : normed;
  const y = add(x, dropped(attention(shown, parameters, setting), drop?.attention)) as Tensor4D;
  return add(y, dropped(mlp(y, parameters), drop?.mlp)) as Tensor4D;
}

/** The second half of a block without its residual: norm, expansion, GELU, contraction. `[..., C]` -> `[..., C]`. */
export function mlp<T extends Tensor>(x: T, parameters: ParameterRecord): T {
  const hidden = applyLinear(parameters, 'mlp.fc1', applyLayerNorm(parameters, 'norm2', x), 'gelu');
  return applyLinear(parameters, 'mlp.fc2', hidden) as T;
}

function attention(x: Tensor4D, parameters: ParameterRecord, setting: BlockSetting): Tensor4D {
  const { grid, window, shift } = setting.geometry;
  const table = parameter(parameters, 'attention.relativePositionTable') as Tensor2D;
  const attended = windowAttention(
    paddedQueriesKeysValues(x, parameters, setting.geometry),
    windowBias(table, setting.side, window),
    { heads: setting.heads, window, shift, ...(setting.keyMask && { keyMask: maskTensor(setting.keyMask) }) },
  );
  const [batch, height, width, channels] = attended.shape;
  const whole = height === grid[0] && width === grid[1];
  const cropped = whole ? attended : slice(attended, [0, 0, 0, 0], [batch, grid[0], grid[1], channels]);
  return applyLinear(parameters, 'attention.projection', cropped) as Tensor4D;
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
