import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { addN, grad, image, mul, sum, tensor, transpose, unsortedSegmentSum, zeros } from '@tensorflow/tfjs-core';

/** One computation that TensorFlow.js's own WebGPU backend does wrongly, or cannot do, with its exact result. */
export interface Correction {
  readonly name: string;
  readonly run: () => Tensor;
  /** Plain loops in double precision. */
  readonly expected: () => ArrayLike<number>;
  readonly tolerance: number;
}

const wave = (n: number, phase = 0): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(1.3 * i * (1 + 0.013 * i) + phase));

/** The exact gradient of sum(w resize(x)): every output pixel gives its weight back to its four sources. */
function resizeGradient(
  from: readonly [number, number],
  to: readonly [number, number],
  channels: number,
  weights: Float32Array,
): Float64Array {
  const taps = (out: number, axis: 0 | 1): [number, number][] => {
    const at = Math.max(0, ((out + 0.5) * from[axis]) / to[axis] - 0.5);
    const low = Math.min(Math.floor(at), from[axis] - 1);
    return [
      [low, 1 - (at - low)],
      [Math.min(low + 1, from[axis] - 1), at - low],
    ];
  };
  const dx = new Float64Array(from[0] * from[1] * channels);
  for (let y = 0; y < to[0]; y++) {
    for (let x = 0; x < to[1]; x++) {
      for (const [r, wy] of taps(y, 0)) {
        for (const [q, wx] of taps(x, 1)) {
          for (let c = 0; c < channels; c++) {
            dx[(r * from[1] + q) * channels + c]! += wy * wx * weights[(y * to[1] + x) * channels + c]!;
          }
        }
      }
    }
  }
  return dx;
}

const integers = Array.from({ length: 24 }, (_, i) => (i * 7) % 23);
const turned = (values: readonly number[]): number[] => {
  const out: number[] = [];
  for (let k = 0; k < 4; k++) {
    for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) out.push(values[(i * 3 + j) * 4 + k]!);
  }
  return out;
};

/** Every entry fails on the stock backend (stock.test.ts) and holds on ours (corrections.test.ts). */
export const corrections: readonly Correction[] = [
  {
    name: 'transpose of int32, rank 3',
    run: () => transpose(tensor(integers, [2, 3, 4], 'int32'), [2, 0, 1]),
    expected: () => turned(integers),
    tolerance: 0,
  },
  {
    name: 'transpose of bool, rank 3',
    run: () =>
      transpose(
        tensor(
          integers.map((v) => v % 2),
          [2, 3, 4],
          'bool',
        ),
        [2, 0, 1],
      ),
    expected: () => turned(integers.map((v) => v % 2)),
    tolerance: 0,
  },
  {
    name: 'unsortedSegmentSum of int32',
    run: () => unsortedSegmentSum(tensor([1, 2, 3, 4, 5, 6], [3, 2], 'int32'), tensor([1, 0, 1], [3], 'int32'), 2),
    expected: () => [3, 4, 6, 8],
    tolerance: 0,
  },
  {
    name: 'unsortedSegmentSum without rows',
    run: () => unsortedSegmentSum(zeros([0, 2]), tensor([], [0], 'int32'), 2),
    expected: () => [0, 0, 0, 0],
    tolerance: 0,
  },
  {
    name: 'sum of more terms than a dispatch binds buffers',
    run: () => addN(Array.from({ length: 40 }, (_, i) => tensor(wave(6, i)))),
    expected: () =>
      Array.from({ length: 6 }, (_, k) => Array.from({ length: 40 }, (_, i) => wave(6, i)[k]!).reduce((a, b) => a + b)),
    tolerance: 1e-5,
  },
  {
    name: 'sum over an empty axis',
    run: () => sum(zeros([0, 3]), 0),
    expected: () => [0, 0, 0],
    tolerance: 0,
  },
  {
    name: 'bilinear resize with half-pixel centres, gradient',
    run: () =>
      grad((t: Tensor) =>
        sum(mul(image.resizeBilinear(t as Tensor4D, [7, 9], false, true), tensor(wave(126, 0.5), [1, 7, 9, 2]))),
      )(tensor(wave(24), [1, 3, 4, 2])),
    expected: () => resizeGradient([3, 4], [7, 9], 2, wave(126, 0.5)),
    tolerance: 1e-5,
  },
];
