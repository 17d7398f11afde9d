import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { add, concat, matMul, mul, reshape, slice, softmax, sub, transpose } from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.ts';
import type { WindowAttentionAttributes } from './contracts.ts';
import { differentiable } from './gradient.ts';
import { mergeHeads, splitHeads } from './heads.ts';
import { hasGlidKernel, runGlidKernel } from './kernel.ts';
import { biasOfPairs, checkTable, relativePositionBias, sumOverPairs } from './relative-position-bias.ts';
import { requireOption, requireShape, sameShape } from './shape.ts';
import { logitsGradient, maskedLogit, softmaxGradient } from './softmax-gradient.ts';
import { fromWindows, shiftMask, toWindows, type WindowLayout } from './window-layout.ts';

export interface WindowAttentionOptions {
  readonly heads: number;
  /** Height and width of a window; H and W must be multiples of them. */
  readonly window: readonly [number, number];
  /** Cyclic shift, up and left, before the windows are cut; undone afterwards. */
  readonly shift: readonly [number, number];
  /** `[B, H, W]`, 1 = may be attended, 0 = not. Where a window has no visible key its outputs (and gradients) are 0. No gradient. */
  readonly keyMask?: Tensor3D;
}

/**
 * Shifted-window self-attention (Liu et al. 2021, section 3.2): `qkv [B, H, W, 3C]` (queries, keys, values; heads consecutive in each),
 * `bias [heads, N, N]` with N positions a window -> `[B, H, W, C]`. Logits are scaled by (C / heads)^-1/2; -100 separates the shift
 * regions. Kernels: `GlidWindowAttention`, `GlidWindowAttentionGrad`. Throws `GLID_SHAPE`, `GLID_USAGE`.
 */
export function windowAttention(qkv: Tensor4D, bias: Tensor3D, options: WindowAttentionOptions): Tensor4D {
  const { heads, window, shift, keyMask } = options;
  check(qkv, bias.shape, options);
  const attrs: WindowAttentionAttributes = { heads, window, shift };
  return differentiable<Tensor4D>(
    [qkv, bias],
    (save) => {
      save(keyMask === undefined ? [qkv, bias] : [qkv, bias, keyMask]);
      const fused = runGlidKernel('GlidWindowAttention', { qkv, bias, keyMask }, attrs);
      if (fused) return fused[0] as Tensor4D;
      const { layout, weights, v } = attend(qkv, bias, keyMask, attrs);
      return fromWindows(mergeHeads(matMul(weights, v) as Tensor4D), layout);
    },
    (dy, saved) => {
      const [qkv, bias, keyMask] = saved as [Tensor4D, Tensor3D, Tensor3D?];
      return (
        runGlidKernel('GlidWindowAttentionGrad', { dy, qkv, bias, keyMask }, attrs) ??
        windowAttentionGradient(dy, qkv, bias, keyMask, attrs)
      );
    },
  );
}

/**
 * `windowAttention` with Swin's bias of relative positions: `table [(2 h - 1)(2 w - 1), heads]` for windows of `h x w` (see
 * `relativePositionBias`). Kernel: `GlidRelativeWindowAttention`; without it the bias is made first. Throws `GLID_SHAPE`, `GLID_USAGE`.
 */
export function relativeWindowAttention(qkv: Tensor4D, table: Tensor2D, options: WindowAttentionOptions): Tensor4D {
  const { heads, window, shift, keyMask } = options;
  if (!hasGlidKernel('GlidRelativeWindowAttention')) {
    return windowAttention(qkv, relativePositionBias(table, window), options);
  }
  checkTable(table, window);
  const positions = window[0] * window[1];
  check(qkv, [table.shape[1], positions, positions], options);
  const attrs: WindowAttentionAttributes = { heads, window, shift };
  return differentiable<Tensor4D>(
    [qkv, table],
    (save) => {
      save(keyMask === undefined ? [qkv, table] : [qkv, table, keyMask]);
      return runGlidKernel('GlidRelativeWindowAttention', { qkv, table, keyMask }, attrs)![0] as Tensor4D;
    },
    (dy, saved) => {
      const [qkv, table, keyMask] = saved as [Tensor4D, Tensor2D, Tensor3D?];
      const bias = biasOfPairs(table, window);
      const [dqkv, dbias] =
        runGlidKernel('GlidWindowAttentionGrad', { dy, qkv, bias, keyMask }, attrs) ??
        windowAttentionGradient(dy, qkv, bias, keyMask, attrs);
      return [dqkv!, sumOverPairs(dbias as Tensor3D, window)];
    },
  );
}

function check(qkv: Tensor4D, bias: readonly number[], options: WindowAttentionOptions): void {
  const { heads, window, shift, keyMask } = options;
  const [batch, height, width, channels] = qkv.shape;
  const positions = window[0] * window[1];
  requireShape(
    qkv.rank === 4 &&
      channels % (3 * heads) === 0 &&
      height % window[0] === 0 &&
      width % window[1] === 0 &&
      sameShape(bias, [heads, positions, positions]),
    'windowAttention',
    `qkv [B, H, W, 3C] with H, W multiples of ${window.join(' x ')} and C of ${heads}, bias [${heads}, ${positions}, ${positions}]`,
    { qkv, bias: { shape: bias } },
  );
  if (keyMask !== undefined) {
    const [b, h, w] = keyMask.shape;
    const fits = keyMask.rank === 3 && b === batch && h === height && w === width;
    requireShape(fits, 'windowAttention', 'keyMask [B, H, W]', { qkv, keyMask });
  }
  const inside = [0, 1].every((axis) => shift[axis]! >= 0 && shift[axis]! < window[axis]!);
  requireOption(inside, 'windowAttention', `shift must lie in [0, window), got ${shift.join(' x ')}`);
}

interface Attended {
  readonly layout: WindowLayout;
  readonly scale: number;
  readonly scaledQ: Tensor4D;
  readonly k: Tensor4D;
  /** Zero at masked keys: together with the masked logits this makes a window without visible keys exactly 0. */
  readonly v: Tensor4D;
  readonly weights: Tensor4D;
  /** `[B * windows, 1, N, 1]` */
  readonly visible: Tensor | undefined;
}

/** All tensors `[B * windows, heads, N, D]`; weights `[B * windows, heads, N, N]`. */
function attend(
  qkv: Tensor4D,
  bias: Tensor3D,
  keyMask: Tensor3D | undefined,
  { heads, window, shift }: WindowAttentionAttributes,
): Attended {
  const [batch, height, width, channels] = qkv.shape;
  const layout: WindowLayout = { size: [height, width], window, shift };
  const scale = (channels / 3 / heads) ** -0.5;
  const windows = toWindows(qkv, layout);
  const all = splitHeads(windows, 3 * heads);
  const part = (i: number): Tensor4D => slice(all, [0, i * heads, 0, 0], [-1, heads, -1, -1]);
  const scaledQ = mul(part(0), scale) as Tensor4D;
  const k = part(1);
  const logits = addBias(matMul(scaledQ, k, false, true) as Tensor4D, bias, layout, batch);
  if (keyMask === undefined) {
    return { layout, scale, scaledQ, k, v: part(2), weights: softmax(logits), visible: undefined };
  }
  const [groups, positions] = windows.shape;
  const mask = toWindows(reshape(keyMask, [batch, height, width, 1]), layout);
  const visible = reshape(mask, [groups, 1, positions, 1]);
  const hidden = reshape(mul(sub(1, mask), maskedLogit), [groups, 1, 1, positions]);
  const weights = softmax(add(logits, hidden)) as Tensor4D;
  return { layout, scale, scaledQ, k, v: mul(part(2), visible) as Tensor4D, weights, visible };
}

/** Adds the bias, and between shift regions -100; window and head share an axis so that no tensor has five. */
function addBias(logits: Tensor4D, bias: Tensor3D, layout: WindowLayout, batch: number): Tensor4D {
  if (layout.shift[0] === 0 && layout.shift[1] === 0) return add(logits, bias);
  const [groups, heads, positions] = logits.shape;
  const windows = (layout.size[0] * layout.size[1]) / positions;
  const offsets = reshape(add(shiftMask(layout), bias), [windows * heads, positions, positions]);
  const shared = reshape(logits, [batch, windows * heads, positions, positions]);
  return reshape(add(shared, offsets), [groups, heads, positions, positions]);
}

function windowAttentionGradient(
  dy: Tensor4D,
  qkv: Tensor4D,
  bias: Tensor3D,
  keyMask: Tensor3D | undefined,
  attrs: WindowAttentionAttributes,
): [dqkv: Tensor, dbias: Tensor] {
  const { layout, scale, scaledQ, k, v, weights, visible } = attend(qkv, bias, keyMask, attrs);
  const [groups, heads, positions] = weights.shape;
  const dout = splitHeads(toWindows(dy, layout), heads);
  const dmasked = matMul(weights, dout, true, false);
  const dv = (visible === undefined ? dmasked : mul(dmasked, visible)) as Tensor4D;
  const dlogits = softmaxGradient(weights, matMul(dout, v, false, true) as Tensor4D);
  const [dq, dk] = logitsGradient(dlogits, scaledQ, k, scale);
  const dwindows = reshape(transpose(concat([dq, dk, dv], 1), [0, 2, 1, 3]), [groups, positions, qkv.shape[3]]);
  const rows = reshape(dlogits, [groups, heads * positions * positions]) as Tensor2D;
  return [fromWindows(dwindows as Tensor3D, layout), reshape(columnSum(rows), bias.shape)];
}
