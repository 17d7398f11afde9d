import '@glid/ops/gradients';
import { gelu, layerNorm } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  enableProdMode,
  grad,
  ones,
  setBackend,
  softmax,
  tensor1d,
  tensor2d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WasmBackend, wasm } from '../src/index.ts';

enableProdMode();

/** erfc in double precision for x >= 0: the Maclaurin series of erf below 2.5, a continued fraction above. */
function erfc(x: number): number {
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
}

const cdf = (x: number): number => (x < 0 ? erfc(-x / Math.SQRT2) / 2 : 1 - erfc(x / Math.SQRT2) / 2);
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const read = (compute: () => Tensor): Float32Array => tidy(() => compute().dataSync() as Float32Array).slice();

describe('the SIMD kernels at the limits of single precision', () => {
  let backend: WasmBackend;
  const x = Float32Array.from({ length: 4803 }, (_, i) => (i - 2401) / 200);

  beforeAll(async () => {
    backend = await wasm({ nativeGemm: 'off' }).create();
    expect(await setBackend('wasm')).toBe(true);
  });

  afterAll(() => backend.dispose());

  it('gives GELU and its slope within 1e-6 from -12 to 12', () => {
    expectClose(
      read(() => gelu(tensor1d(x))),
      Float64Array.from(x, (v) => v * cdf(v)),
      1e-6,
    );
    expectClose(
      read(() => grad((t) => gelu(t))(tensor1d(x))),
      Float64Array.from(x, (v) => cdf(v) + v * density(v)),
      1e-6,
    );
  });

  it('keeps GELU relative on the negative side, where 1 + erf would cancel', () => {
    const low = Float32Array.from([-3, -4, -5]);
    const got = read(() => gelu(tensor1d(low)));
    for (const [i, v] of low.entries()) expect(Math.abs(got[i]! / (v * cdf(v)) - 1)).toBeLessThan(2e-3);
  });

  it('carries NaN and infinities through', () => {
    const got = read(() => gelu(tensor1d([Number.NaN, Number.POSITIVE_INFINITY, 100, -100, 0])));
    expect(Array.from(got)).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 100, -0, 0]);
    expect(Array.from(read(() => softmax(tensor1d([1, Number.NaN, 2, 3, 4]))))).toEqual(Array(5).fill(Number.NaN));
  });

  it('takes softmax of large, equal and far apart logits', () => {
    const rows: [number[], number[]][] = [
      [[1e6, 1e6, 1e6, 1e6, 1e6], Array(5).fill(0.2)],
      [
        [0, -1e9, -1e9, -1e9, -1e9],
        [1, 0, 0, 0, 0],
      ],
      [
        [-3e38, -3e38, 0, -3e38, -3e38],
        [0, 0, 1, 0, 0],
      ],
      [
        [Math.log(1), Math.log(2), Math.log(3), Math.log(4), Number.NEGATIVE_INFINITY],
        [0.1, 0.2, 0.3, 0.4, 0],
      ],
    ];
    for (const [logits, expected] of rows)
      expectClose(
        read(() => softmax(tensor1d(logits))),
        expected,
        1e-7,
      );
  });

  it('normalises rows whose mean is a thousand times their deviation', () => {
    const [count, channels] = [5, 97];
    const values = Float32Array.from({ length: count * channels }, (_, i) => 1000 + Math.sin(i * 1.7));
    const got = tidy(() =>
      layerNorm(tensor2d(values, [count, channels]), ones([channels]), zeros([channels])).dataSync(),
    ).slice();
    const expected = new Float64Array(values.length);
    for (let r = 0; r < count; r++) {
      const row = Array.from(values.subarray(r * channels, (r + 1) * channels));
      const mean = row.reduce((a, b) => a + b, 0) / channels;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / channels;
      row.forEach((v, c) => {
        expected[r * channels + c] = (v - mean) / Math.sqrt(variance + 1e-5);
      });
    }
    // One part in 2^24 of a mean of 1000 is 6e-5.
    expectClose(got as Float32Array, expected, 3e-4);
  });
});
