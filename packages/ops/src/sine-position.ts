import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  add,
  clone,
  concat,
  cos,
  cumsum,
  div,
  mul,
  reshape,
  sin,
  slice,
  stack,
  tensor2d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { constantTensor } from './constants.ts';
import { withoutGradient } from './gradient.ts';
import { requireOption, requireShape } from './shape.ts';

export interface SineOptions {
  readonly temperature?: number;
  /** The angle of the last row and column (normalised); 2 pi by default. */
  readonly scale?: number;
}

export interface SinePositionOptions extends SineOptions {
  /** Count rows and columns up to 1 (default), else up to H and W. */
  readonly normalize?: boolean;
  /** `[B, H, W]`, 1 = picture, 0 = padding: only picture pixels are counted. */
  readonly mask?: Tensor3D;
}

const lastOffset = 1e-6;

/**
 * The 2-D sine position code of DETR (Carion et al. 2020, appendix A.4): `[1, height, width, channels]`, with a mask `[B, …]`. First half
 * of the channels y, second half x; in each, sin and cos alternate, frequency k is `temperature^(-4 k / channels)`. Pixels count from 1.
 * A constant without gradient, the caller's to dispose. Throws `GLID_USAGE`, `GLID_SHAPE`.
 */
export function sinePosition(
  height: number,
  width: number,
  channels: number,
  options: SinePositionOptions = {},
): Tensor4D {
  const { normalize = true, temperature = 10000, scale = 2 * Math.PI, mask } = options;
  checkChannels(channels, 'sinePosition');
  if (mask !== undefined) {
    const fits = mask.rank === 3 && mask.shape[1] === height && mask.shape[2] === width;
    requireShape(fits, 'sinePosition', `mask [B, ${height}, ${width}]`, { mask });
    return withoutGradient(() => maskedSine(mask, channels, normalize, temperature, scale));
  }
  return withoutGradient(() =>
    clone(
      constantTensor(`sine ${height}x${width}x${channels} ${normalize} ${temperature} ${scale}`, () => {
        const values = sinePositionValues(height, width, channels, { normalize, temperature, scale });
        return tensor4d(values, [1, height, width, channels]);
      }),
    ),
  );
}

/** The numbers of `sinePosition` without a mask, row-major `[height, width, channels]`, computed in float64. */
export function sinePositionValues(
  height: number,
  width: number,
  channels: number,
  { normalize = true, temperature = 10000, scale = 2 * Math.PI }: Omit<SinePositionOptions, 'mask'> = {},
): Float32Array {
  checkChannels(channels, 'sinePosition');
  const half = channels / 2;
  const rows = codes(height, half, normalize ? scale / (height + lastOffset) : 1, temperature);
  const columns = codes(width, half, normalize ? scale / (width + lastOffset) : 1, temperature);
  const values = new Float32Array(height * width * channels);
  for (let y = 0, at = 0; y < height; y++) {
    const row = rows.subarray(y * half, (y + 1) * half);
    for (let x = 0; x < width; x++, at += channels) {
      values.set(row, at);
      values.set(columns.subarray(x * half, (x + 1) * half), at + half);
    }
  }
  return values;
}

/**
 * The same code at points `[..., 2]` as (x, y) in [0, 1] of the picture -> `[..., channels]`: angle = coordinate x scale. The centre of patch i of
 * n is (i + 1/2) / n. A constant without gradient. Throws `GLID_USAGE`, `GLID_SHAPE`.
 */
export function sinePoints(points: Tensor, channels: number, options: SineOptions = {}): Tensor {
  const { temperature = 10000, scale = 2 * Math.PI } = options;
  checkChannels(channels, 'sinePoints');
  requireShape(points.rank >= 1 && points.shape[points.rank - 1] === 2, 'sinePoints', 'points [..., 2]', { points });
  return withoutGradient(() => {
    const flat = mul(reshape(points, [points.size / 2, 2]), scale) as Tensor2D;
    const y = oscillate(slice(flat, [0, 1], [-1, 1]), channels, temperature);
    const x = oscillate(slice(flat, [0, 0], [-1, 1]), channels, temperature);
    return reshape(concat([y, x], 1), [...points.shape.slice(0, -1), channels]);
  });
}

function checkChannels(channels: number, op: string): void {
  requireOption(channels > 0 && channels % 4 === 0, op, `channels must be a multiple of 4, got ${channels}`);
}

function frequencies(half: number, temperature: number): number[] {
  return Array.from({ length: half / 2 }, (_, k) => temperature ** ((-2 * k) / half));
}

/** `[length, half]`: sin and cos of (i + 1) unit frequency_k, alternating. */
function codes(length: number, half: number, unit: number, temperature: number): Float32Array {
  const frequency = frequencies(half, temperature);
  const values = new Float32Array(length * half);
  for (let i = 0, at = 0; i < length; i++) {
    for (const f of frequency) {
      values[at++] = Math.sin((i + 1) * unit * f);
      values[at++] = Math.cos((i + 1) * unit * f);
    }
  }
  return values;
}

/** Angles `[M, 1]` -> `[M, channels / 2]`. */
function oscillate(angle: Tensor2D, channels: number, temperature: number): Tensor2D {
  const half = channels / 2;
  const row = constantTensor(`frequencies ${half} ${temperature}`, () =>
    tensor2d(frequencies(half, temperature), [1, half / 2]),
  );
  const angles = mul(angle, row);
  return reshape(stack([sin(angles), cos(angles)], 2), [angle.shape[0], half]) as Tensor2D;
}

function maskedSine(
  mask: Tensor3D,
  channels: number,
  normalize: boolean,
  temperature: number,
  scale: number,
): Tensor4D {
  const [batch, height, width] = mask.shape;
  const counted = (axis: 1 | 2): Tensor2D => {
    const count = cumsum(mask, axis);
    const last = slice(
      count,
      axis === 1 ? [0, height - 1, 0] : [0, 0, width - 1],
      axis === 1 ? [-1, 1, -1] : [-1, -1, 1],
    );
    const angle = normalize ? mul(div(count, add(last, lastOffset)), scale) : count;
    return reshape(angle, [batch * height * width, 1]) as Tensor2D;
  };
  const y = oscillate(counted(1), channels, temperature);
  const x = oscillate(counted(2), channels, temperature);
  return reshape(concat([y, x], 1), [batch, height, width, channels]) as Tensor4D;
}
