export type Size = readonly [height: number, width: number];

/** torch's `interpolate(mode='bilinear')` on `[B, H, W, C]`: the four neighbours of each output pixel. */
export function resizeBilinear(
  x: Float64Array,
  batch: number,
  from: Size,
  channels: number,
  to: Size,
  alignCorners: boolean,
): Float64Array {
  const out = new Float64Array(batch * to[0] * to[1] * channels);
  const coordinate = (i: number, axis: 0 | 1): number => {
    if (alignCorners) return to[axis] === 1 ? 0 : (i * (from[axis] - 1)) / (to[axis] - 1);
    return Math.min(Math.max(((i + 0.5) * from[axis]) / to[axis] - 0.5, 0), from[axis] - 1);
  };
  for (let b = 0, at = 0; b < batch; b++) {
    for (let i = 0; i < to[0]; i++) {
      for (let j = 0; j < to[1]; j++) {
        const [y, xx] = [coordinate(i, 0), coordinate(j, 1)];
        for (let c = 0; c < channels; c++, at++) {
          const pixel = (r: number, s: number): number =>
            x[((b * from[0] + Math.min(r, from[0] - 1)) * from[1] + Math.min(s, from[1] - 1)) * channels + c]!;
          const [r, s] = [Math.floor(y), Math.floor(xx)];
          const [u, v] = [y - r, xx - s];
          out[at] =
            (1 - u) * ((1 - v) * pixel(r, s) + v * pixel(r, s + 1)) +
            u * ((1 - v) * pixel(r + 1, s) + v * pixel(r + 1, s + 1));
        }
      }
    }
  }
  return out;
}

export function resizeNearest(x: Float64Array, batch: number, from: Size, channels: number, to: Size): Float64Array {
  const out = new Float64Array(batch * to[0] * to[1] * channels);
  for (let b = 0, at = 0; b < batch; b++) {
    for (let i = 0; i < to[0]; i++) {
      for (let j = 0; j < to[1]; j++) {
        const row = Math.floor((i * from[0]) / to[0]);
        const column = Math.floor((j * from[1]) / to[1]);
        for (let c = 0; c < channels; c++, at++) out[at] = x[((b * from[0] + row) * from[1] + column) * channels + c]!;
      }
    }
  }
  return out;
}

/** `maps [N, H, W]`, `points [N, P, 2]`; every pixel contributes its tent, so nothing needs clamping. */
export function samplePoints(
  maps: Float64Array,
  points: Float64Array,
  count: number,
  size: Size,
  samples: number,
): Float64Array {
  const out = new Float64Array(count * samples);
  const tent = (distance: number): number => Math.max(0, 1 - Math.abs(distance));
  for (let n = 0; n < count; n++) {
    for (let p = 0; p < samples; p++) {
      const x = points[(n * samples + p) * 2]! * size[1] - 0.5;
      const y = points[(n * samples + p) * 2 + 1]! * size[0] - 0.5;
      for (let i = 0; i < size[0]; i++) {
        for (let j = 0; j < size[1]; j++) {
          out[n * samples + p]! += maps[(n * size[0] + i) * size[1] + j]! * tent(x - j) * tent(y - i);
        }
      }
    }
  }
  return out;
}

export interface ConvolutionShape {
  readonly batch: number;
  readonly size: Size;
  readonly channels: number;
  readonly kernel: number;
  /** Output channels; for a depthwise convolution the multiplier. */
  readonly filters: number;
  readonly stride: number;
  /** A number pads all sides alike and rounds the output size down. */
  readonly padding: 'same' | 'valid' | number;
  readonly depthwise?: boolean;
}

/** Output size and the padding above and to the left, as TensorFlow's 'same' and 'valid'. */
export function geometry({
  size,
  kernel,
  stride,
  padding,
}: Pick<ConvolutionShape, 'size' | 'kernel' | 'stride' | 'padding'>): {
  out: Size;
  before: Size;
} {
  const along = (n: number): [out: number, before: number] => {
    if (typeof padding === 'number') return [Math.floor((n + 2 * padding - kernel) / stride) + 1, padding];
    if (padding === 'valid') return [Math.ceil((n - kernel + 1) / stride), 0];
    const out = Math.ceil(n / stride);
    return [out, Math.floor(Math.max(0, (out - 1) * stride + kernel - n) / 2)];
  };
  const [rows, columns] = [along(size[0]), along(size[1])];
  return { out: [rows[0], columns[0]], before: [rows[1], columns[1]] };
}

/** `[B, H, W, C]`; filter `[k, k, C, O]`. A pixel outside counts as 0. */
export function convolution(shape: ConvolutionShape, x: Float64Array, filter: Float64Array): Float64Array {
  const { batch, size, channels, kernel, filters, depthwise } = shape;
  const { out, before } = geometry(shape);
  const outChannels = depthwise ? channels * filters : filters;
  const y = new Float64Array(batch * out[0] * out[1] * outChannels);
  eachTap(shape, out, before, (b, i, j, u, v, row, column) => {
    const to = ((b * out[0] + i) * out[1] + j) * outChannels;
    const from = ((b * size[0] + row) * size[1] + column) * channels;
    for (let c = 0; c < channels; c++) {
      for (let o = 0; o < filters; o++) {
        const weight = filter[((u * kernel + v) * channels + c) * filters + o]!;
        y[to + (depthwise ? c * filters + o : o)]! += weight * x[from + c]!;
      }
    }
  });
  return y;
}

export function maxPool(shape: Omit<ConvolutionShape, 'filters' | 'depthwise'>, x: Float64Array): Float64Array {
  const { batch, size, channels } = shape;
  const { out, before } = geometry(shape);
  const y = new Float64Array(batch * out[0] * out[1] * channels).fill(Number.NEGATIVE_INFINITY);
  eachTap(shape, out, before, (b, i, j, _u, _v, row, column) => {
    const to = ((b * out[0] + i) * out[1] + j) * channels;
    for (let c = 0; c < channels; c++) {
      y[to + c] = Math.max(y[to + c]!, x[((b * size[0] + row) * size[1] + column) * channels + c]!);
    }
  });
  return y;
}

function eachTap(
  { batch, size, kernel, stride }: Pick<ConvolutionShape, 'batch' | 'size' | 'kernel' | 'stride'>,
  out: Size,
  before: Size,
  visit: (b: number, i: number, j: number, u: number, v: number, row: number, column: number) => void,
): void {
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < out[0]; i++) {
      for (let j = 0; j < out[1]; j++) {
        for (let u = 0; u < kernel; u++) {
          for (let v = 0; v < kernel; v++) {
            const row = i * stride + u - before[0];
            const column = j * stride + v - before[1];
            if (row >= 0 && row < size[0] && column >= 0 && column < size[1]) visit(b, i, j, u, v, row, column);
          }
        }
      }
    }
  }
}
