import {
  add,
  conv2d,
  matMul,
  mean,
  mul,
  rsqrt,
  square,
  sub,
  type Tensor,
  tensor,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';

/** One small computation with its plain TypeScript counterpart. */
interface Canary {
  readonly name: string;
  readonly run: () => Tensor;
  readonly expected: () => Float64Array;
}

const rows = 5;
const inner = 7;
const columns = 6;
const size = 5;
const channels = 3;
const filters = 4;

/** Deterministic values in [-1, 1] without a pattern that a wrong stride would preserve. */
function wave(length: number, phase: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(1.7 * i * (1 + 0.01 * i) + phase));
}

const a = wave(rows * inner, 0.3);
const b = wave(inner * columns, 1.1);
const image = wave(size * size * channels, 2.2);
const kernel = wave(9 * channels * filters, 0.7);

function matMulExpected(): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < inner; k++) out[i * columns + j]! += a[i * inner + k]! * b[k * columns + j]!;
    }
  }
  return out;
}

/** 3 x 3, stride 1, zero padding of 1. */
function convExpected(): Float64Array {
  const out = new Float64Array(size * size * filters);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let tap = 0; tap < 9; tap++) {
        const sy = y + Math.floor(tap / 3) - 1;
        const sx = x + (tap % 3) - 1;
        if (sy < 0 || sx < 0 || sy >= size || sx >= size) continue;
        for (let c = 0; c < channels; c++) {
          const v = image[(sy * size + sx) * channels + c]!;
          for (let f = 0; f < filters; f++) {
            out[(y * size + x) * filters + f]! += v * kernel[(tap * channels + c) * filters + f]!;
          }
        }
      }
    }
  }
  return out;
}

function normExpected(): Float64Array {
  const out = new Float64Array(rows * inner);
  for (let i = 0; i < rows; i++) {
    let m = 0;
    let v = 0;
    for (let k = 0; k < inner; k++) m += a[i * inner + k]! / inner;
    for (let k = 0; k < inner; k++) v += (a[i * inner + k]! - m) ** 2 / inner;
    for (let k = 0; k < inner; k++) out[i * inner + k] = (a[i * inner + k]! - m) / Math.sqrt(v + 1e-5);
  }
  return out;
}

const canaries: readonly Canary[] = [
  {
    name: 'matMul',
    run: () => matMul(tensor(a, [rows, inner]), tensor(b, [inner, columns])),
    expected: matMulExpected,
  },
  {
    name: 'conv2d',
    run: () =>
      conv2d(tensor4d(image, [1, size, size, channels]), tensor4d(kernel, [3, 3, channels, filters]), 1, 'same'),
    expected: convExpected,
  },
  {
    name: 'layerNorm',
    run: () => {
      const x = tensor(a, [rows, inner]);
      const centred = sub(x, mean(x, -1, true));
      return mul(centred, rsqrt(add(mean(square(centred), -1, true), 1e-5)));
    },
    expected: normExpected,
  },
];

/**
 * Computes a matrix product, a convolution and a layer norm on the current backend and compares them with plain TypeScript.
 * Returns the first disagreement, or undefined. A backend that returns silent zeros or swapped strides is caught here.
 * The tolerance admits TF32 products, not half precision sums.
 */
export async function runCanary(tolerance = 5e-3): Promise<string | undefined> {
  for (const canary of canaries) {
    const out = tidy(canary.run);
    let got: ArrayLike<number>;
    try {
      got = await out.data();
    } finally {
      out.dispose();
    }
    const expected = canary.expected();
    if (got.length !== expected.length) return `canary ${canary.name} gave ${got.length} values for ${expected.length}`;
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(got[i]! - expected[i]!);
      if (!(difference <= tolerance)) {
        return `canary ${canary.name} gave ${got[i]} at ${i}, expected ${expected[i]!.toPrecision(7)}`;
      }
    }
  }
  return undefined;
}
