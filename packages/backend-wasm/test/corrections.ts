import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  avgPool,
  cast,
  clipByValue,
  conv2d,
  depthwiseConv2d,
  gather,
  grad,
  image,
  matMul,
  maxPool,
  mul,
  oneHot,
  stridedSlice,
  sum,
  tensor,
  tensor2d,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';

/** One computation that TensorFlow.js's own wasm backend does wrongly, or cannot do, with its exact result. */
export interface Correction {
  readonly name: string;
  readonly run: () => Tensor;
  /** Plain loops in double precision. */
  readonly expected: () => ArrayLike<number>;
  readonly tolerance: number;
}

const wave = (n: number, phase = 0): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(1.3 * i * (1 + 0.013 * i) + phase));
const counts = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => (i * 7) % 23);
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The gradient of sum(w f(x)) on the backend. */
function gradient(f: (x: Tensor) => Tensor, x: Float32Array, shape: number[], w: Float32Array): Tensor {
  return grad((t: Tensor) => {
    const y = f(t);
    return sum(mul(y, tensor(w, y.shape)));
  })(tensor(x, shape));
}

/** Central differences of sum(w f(x)) with f in double precision. */
function differences(f: (x: Float64Array) => Float64Array, x: Float32Array, w: Float32Array): Float64Array {
  const at = Float64Array.from(x);
  const loss = (): number => f(at).reduce((total, y, i) => total + y * w[i]!, 0);
  return at.map((value, i) => {
    const h = 1e-6;
    at[i] = value + h;
    const above = loss();
    at[i] = value - h;
    const below = loss();
    at[i] = value;
    return (above - below) / (2 * h);
  });
}

interface Window {
  readonly kernel: number;
  readonly stride: number;
}

/** 'same' padding: the output size and the rows put before the picture. */
function same(n: number, { kernel, stride }: Window): [out: number, before: number] {
  const out = Math.ceil(n / stride);
  return [out, Math.floor(Math.max(0, (out - 1) * stride + kernel - n) / 2)];
}

type Picture = [batch: number, height: number, width: number, channels: number];

/** Calls `visit(output pixel, input pixel, tap)` for every valid pair, pixels counted over the batch. */
function slide(
  [batch, height, width]: Picture,
  window: Window,
  visit: (o: number, i: number, tap: number) => void,
): number {
  const [outH, top] = same(height, window);
  const [outW, left] = same(width, window);
  for (let b = 0, o = 0; b < batch; b++) {
    for (let oy = 0; oy < outH; oy++) {
      for (let ox = 0; ox < outW; ox++, o++) {
        for (let tap = 0; tap < window.kernel ** 2; tap++) {
          const y = oy * window.stride - top + Math.floor(tap / window.kernel);
          const x = ox * window.stride - left + (tap % window.kernel);
          if (y >= 0 && x >= 0 && y < height && x < width) visit(o, (b * height + y) * width + x, tap);
        }
      }
    }
  }
  return batch * outH * outW;
}

function pool(x: Float64Array, shape: Picture, window: Window, kind: 'max' | 'mean'): Float64Array {
  const channels = shape[3];
  const values = new Map<number, number[]>();
  const pixels = slide(shape, window, (o, i) => {
    for (let c = 0; c < channels; c++) {
      const key = o * channels + c;
      if (!values.has(key)) values.set(key, []);
      values.get(key)!.push(x[i * channels + c]!);
    }
  });
  return Float64Array.from({ length: pixels * channels }, (_, key) => {
    const list = values.get(key)!;
    return kind === 'max' ? Math.max(...list) : list.reduce((a, b) => a + b, 0) / list.length;
  });
}

/** Dense: filter [k, k, C, F]; depthwise: filter [k, k, C, M], output channel c M + m. */
function convolve(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  shape: Picture,
  last: number,
  window: Window,
  depthwise: boolean,
) {
  const channels = shape[3];
  const outC = depthwise ? channels * last : last;
  const taps: [number, number, number][] = [];
  const pixels = slide(shape, window, (o, i, tap) => taps.push([o, i, tap]));
  const y = new Float64Array(pixels * outC);
  for (const [o, i, tap] of taps) {
    for (let c = 0; c < channels; c++) {
      for (let f = 0; f < last; f++) {
        y[o * outC + (depthwise ? c * last + f : f)]! += x[i * channels + c]! * w[(tap * channels + c) * last + f]!;
      }
    }
  }
  return y;
}

/** Half-pixel bilinear resize. */
function resize(x: Float64Array, [batch, height, width, channels]: Picture, [h, w]: [number, number]): Float64Array {
  const y = new Float64Array(batch * h * w * channels);
  const taps = (out: number, from: number, to: number): [number, number, number] => {
    const at = Math.max(0, ((out + 0.5) * from) / to - 0.5);
    const low = Math.min(Math.floor(at), from - 1);
    return [low, Math.min(low + 1, from - 1), at - low];
  };
  for (let i = 0; i < y.length; i++) {
    const c = i % channels;
    const b = Math.floor(i / (h * w * channels));
    const [y0, y1, fy] = taps(Math.floor(i / (w * channels)) % h, height, h);
    const [x0, x1, fx] = taps(Math.floor(i / channels) % w, width, w);
    const v = (r: number, q: number): number => x[((b * height + r) * width + q) * channels + c]!;
    y[i] = (1 - fy) * ((1 - fx) * v(y0, x0) + fx * v(y0, x1)) + fy * ((1 - fx) * v(y1, x0) + fx * v(y1, x1));
  }
  return y;
}

function pooling(kind: 'max' | 'mean', shape: Picture, window: Window): Correction {
  const x = wave(size(shape));
  const w = wave(size(shape), 0.5);
  const op = kind === 'max' ? maxPool : avgPool;
  return {
    name: `${kind} pooling, gradient, ${shape.join('x')}, window ${window.kernel}, stride ${window.stride}`,
    run: () => {
      const pixels = size([shape[0], same(shape[1], window)[0], same(shape[2], window)[0], shape[3]]);
      return gradient((t) => op(t as Tensor4D, window.kernel, window.stride, 'same'), x, shape, w.slice(0, pixels));
    },
    expected: () => differences((t) => pool(t, shape, window, kind), x, w),
    tolerance: 1e-3,
  };
}

function convolution(
  of: 'input' | 'filter',
  depthwise: boolean,
  shape: Picture,
  last: number,
  window: Window,
): Correction {
  const filterShape: Picture = [window.kernel, window.kernel, shape[3], last];
  const x = wave(size(shape));
  const f = wave(size(filterShape), 1);
  const w = wave(4 * size(shape) * last, 0.5);
  const run = (t: Tensor, u: Tensor): Tensor =>
    depthwise
      ? depthwiseConv2d(t as Tensor4D, u as Tensor4D, window.stride, 'same')
      : conv2d(t as Tensor4D, u as Tensor4D, window.stride, 'same');
  return {
    name: `${depthwise ? 'depthwise' : 'dense'} convolution, gradient of the ${of}, ${shape.join('x')} by ${filterShape.join('x')}, stride ${window.stride}`,
    run: () => {
      const outputs = convolve(x, f, shape, last, window, depthwise).length;
      const weights = w.slice(0, outputs);
      if (of === 'input') return gradient((t) => run(t, tensor(f, filterShape)), x, shape, weights);
      return gradient((u) => run(tensor(x, shape), u), f, filterShape, weights);
    },
    expected: () =>
      of === 'input'
        ? differences((t) => convolve(t, f, shape, last, window, depthwise), x, w)
        : differences((u) => convolve(x, u, shape, last, window, depthwise), f, w),
    tolerance: 2e-4,
  };
}

const rows = counts(5 * 6);
const table = wave(2 * 5 * 3);

/** Every entry fails on the stock backend (see stock.test.ts) and holds on ours (corrections.test.ts). */
export const corrections: readonly Correction[] = [
  pooling('max', [1, 5, 7, 2], { kernel: 3, stride: 2 }),
  pooling('max', [2, 12, 13, 3], { kernel: 3, stride: 2 }),
  pooling('mean', [1, 5, 7, 2], { kernel: 3, stride: 2 }),
  convolution('filter', false, [2, 6, 5, 3], 4, { kernel: 3, stride: 1 }),
  convolution('filter', false, [2, 7, 6, 3], 4, { kernel: 3, stride: 2 }),
  convolution('filter', false, [2, 4, 5, 3], 4, { kernel: 1, stride: 1 }),
  convolution('filter', true, [2, 6, 5, 5], 1, { kernel: 3, stride: 1 }),
  convolution('filter', true, [2, 6, 5, 3], 2, { kernel: 3, stride: 2 }),
  convolution('input', true, [2, 6, 5, 5], 1, { kernel: 3, stride: 1 }),
  convolution('input', true, [2, 7, 6, 3], 2, { kernel: 3, stride: 2 }),
  {
    name: 'bilinear resize with half-pixel centres, gradient',
    run: () =>
      gradient(
        (t) => image.resizeBilinear(t as Tensor4D, [7, 9], false, true),
        wave(3 * 4 * 2),
        [1, 3, 4, 2],
        wave(126, 0.5),
      ),
    expected: () => differences((t) => resize(t, [1, 3, 4, 2], [7, 9]), wave(3 * 4 * 2), wave(126, 0.5)),
    tolerance: 1e-4,
  },
  {
    name: 'gather with batchDims',
    run: () => gather(tensor(table, [2, 5, 3]), tensor2d([4, 0, 1, 3, 2, 2], [2, 3], 'int32'), 1, 1),
    expected: () => [4, 0, 1, 8, 7, 7].flatMap((row) => Array.from(table.slice(3 * row, 3 * row + 3))),
    tolerance: 0,
  },
  {
    name: 'gather, gradient',
    run: () =>
      gradient(
        (t) => gather(t as Tensor3D, tensor([1, 1, 3, 0], [4], 'int32')),
        wave(8),
        [4, 2],
        Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
      ),
    expected: () => [7, 8, 4, 6, 0, 0, 5, 6],
    tolerance: 1e-6,
  },
  {
    name: 'unsortedSegmentSum, int32',
    run: () => unsortedSegmentSum(tensor([1, 2, 3, 4, 5, 6], [3, 2], 'int32'), tensor([1, 0, 1], [3], 'int32'), 2),
    expected: () => [3, 4, 6, 8],
    tolerance: 0,
  },
  {
    name: 'stridedSlice, int32',
    run: () => stridedSlice(tensor(rows, [5, 6], 'int32'), [0, 1], [5, 6], [2, 2]),
    expected: () => [0, 2, 4].flatMap((y) => [1, 3, 5].map((x) => rows[y * 6 + x]!)),
    tolerance: 0,
  },
  {
    name: 'clipByValue, int32',
    run: () => clipByValue(tensor([-5, 0, 3, 9], [4], 'int32'), 1, 4),
    expected: () => [1, 1, 3, 4],
    tolerance: 0,
  },
  {
    name: 'cast of float32 to bool',
    run: () => cast(tensor([0, 0.5, 2, -0.25, 256]), 'bool'),
    expected: () => [0, 1, 1, 1, 1],
    tolerance: 0,
  },
  {
    name: 'matMul, int32',
    run: () => matMul(tensor([1, 2, 3, 4], [2, 2], 'int32'), tensor([5, 6, 7, 8], [2, 2], 'int32'), false, true),
    expected: () => [17, 23, 39, 53],
    tolerance: 0,
  },
  {
    name: 'oneHot, float32',
    run: () => oneHot(tensor([2, 0, 5, -1], [4], 'int32'), 3, 1.5, -0.25, 'float32'),
    expected: () => [2, 0, 5, -1].flatMap((hot) => [0, 1, 2].map((i) => (i === hot ? 1.5 : -0.25))),
    tolerance: 0,
  },
];
