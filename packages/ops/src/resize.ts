import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { gather, image, matMul, reshape, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { constantTensor } from './constants.ts';
import { differentiable } from './gradient.ts';
import { runGlidKernel } from './kernel.ts';
import { requireOption, requireShape } from './shape.ts';

export interface ResizeBilinearOptions {
  /** True: corner pixels keep their places. False (default): pixel centres at half integers, as `torch.nn.functional.interpolate`. */
  readonly alignCorners?: boolean;
}

/**
 * Bilinear resize without antialiasing: `x [B, H, W, C]`, `size [h, w]` -> `[B, h, w, C]`, semantics of torch's `interpolate`.
 * The gradient is the transposed interpolation (tfjs's own ignores half-pixel centres). Kernel: `GlidResizeBilinearGrad`.
 * Throws `GLID_SHAPE`, `GLID_USAGE`.
 */
export function resizeBilinear(
  x: Tensor4D,
  size: readonly [number, number],
  { alignCorners = false }: ResizeBilinearOptions = {},
): Tensor4D {
  check(x, size, 'resizeBilinear');
  const [height, width] = [x.shape[1], x.shape[2]];
  const inputSize = [height, width] as const;
  return differentiable<Tensor4D>(
    [x],
    // allow-op resizeBilinear: forward only, the gradient is below
    () => image.resizeBilinear(x, [size[0], size[1]], alignCorners, !alignCorners),
    (dy) => {
      const fused = runGlidKernel('GlidResizeBilinearGrad', { dy }, { inputSize, alignCorners });
      if (fused) return fused;
      const along = (from: number, to: number): Tensor2D =>
        interpolation(`bilinear ${alignCorners}`, from, to, (out) => bilinearTaps(out, from, to, alignCorners));
      return [separable(dy, along(height, size[0]), along(width, size[1]))];
    },
  );
}

/**
 * Nearest-neighbour resize, `source = floor(i * in / out)` in exact integers: `x [B, H, W, C]`, `size [h, w]` -> `[B, h, w, C]`, semantics of
 * torch's 'nearest'. Kernel: `GlidResizeNearestGrad`. Throws `GLID_SHAPE`, `GLID_USAGE`.
 */
export function resizeNearest(x: Tensor4D, size: readonly [number, number]): Tensor4D {
  check(x, size, 'resizeNearest');
  const [batch, height, width, channels] = x.shape;
  const inputSize = [height, width] as const;
  return differentiable<Tensor4D>(
    [x],
    () => {
      const rows = gather(reshape(x, [batch, height * width, channels]), nearestIndex(inputSize, size), 1);
      return reshape(rows, [batch, size[0], size[1], channels]) as Tensor4D;
    },
    (dy) => {
      const fused = runGlidKernel('GlidResizeNearestGrad', { dy }, { inputSize });
      if (fused) return fused;
      const along = (from: number, to: number): Tensor2D =>
        interpolation('nearest', from, to, (out) => [[nearestSource(out, from, to), 1]]);
      return [separable(dy, along(height, size[0]), along(width, size[1]))];
    },
  );
}

function check(x: Tensor4D, size: readonly [number, number], op: string): void {
  requireShape(x.rank === 4 && x.shape[1] > 0 && x.shape[2] > 0, op, 'x [B, H, W, C] with H, W > 0', { x });
  const positive = size.every((n) => Number.isInteger(n) && n > 0);
  requireOption(positive, op, `size must be two positive integers, got ${size.join(' x ')}`);
}

type Taps = readonly (readonly [source: number, weight: number])[];

/** The source pixels of one output pixel along one axis, and their weights. */
function bilinearTaps(out: number, from: number, to: number, alignCorners: boolean): Taps {
  const scale = alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
  const at = alignCorners ? out * scale : Math.max(0, (out + 0.5) * scale - 0.5);
  const low = Math.min(Math.floor(at), from - 1);
  const fraction = at - low;
  return [
    [low, 1 - fraction],
    [Math.min(low + 1, from - 1), fraction],
  ];
}

function nearestSource(out: number, from: number, to: number): number {
  return Math.min(Math.floor((out * from) / to), from - 1);
}

/** `[from, to]`: the transposed interpolation matrix of one axis. Cached. */
function interpolation(kind: string, from: number, to: number, taps: (out: number) => Taps): Tensor2D {
  return constantTensor(`interpolation ${kind} ${from} ${to}`, () => {
    const values = new Float32Array(from * to);
    for (let out = 0; out < to; out++) {
      for (const [source, weight] of taps(out)) values[source * to + out]! += weight;
    }
    return tensor2d(values, [from, to]);
  });
}

/** `rows [H, h]`, `columns [W, w]` applied to `dy [B, h, w, C]` -> `[B, H, W, C]`. */
function separable(dy: Tensor4D, rows: Tensor2D, columns: Tensor2D): Tensor {
  const [batch, h, w, channels] = dy.shape;
  const [height, width] = [rows.shape[0], columns.shape[0]];
  const vertical = matMul(rows as Tensor, reshape(dy, [batch, h, w * channels]));
  const lines = reshape(vertical, [batch * height, w, channels]);
  return reshape(matMul(columns as Tensor, lines), [batch, height, width, channels]);
}

/** `[h * w]` positions in the flattened input. Cached. */
function nearestIndex(from: readonly [number, number], to: readonly [number, number]): Tensor1D {
  return constantTensor(`nearest ${from.join('x')} ${to.join('x')}`, () => {
    const index = new Int32Array(to[0] * to[1]);
    for (let y = 0, at = 0; y < to[0]; y++) {
      const row = nearestSource(y, from[0], to[0]) * from[1];
      for (let x = 0; x < to[1]; x++, at++) index[at] = row + nearestSource(x, from[1], to[1]);
    }
    return tensor1d(index, 'int32');
  });
}
