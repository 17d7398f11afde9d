import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@glid/test-utils';
import { setBackend, slice, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { pixelDeviation, pixelMean, preprocess } from './preprocess.ts';
import { resizeImage, triangleWeights } from './resize-image.ts';
import { resizedSize } from './resize-policy.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

describe('resizedSize', () => {
  it('keeps the aspect ratio within the bounds', () => {
    expect(resizedSize([480, 640], { longest: 128 })).toEqual([96, 128]);
    expect(resizedSize([480, 640], { shortest: 800, longest: 1333 })).toEqual([800, 1067]);
    expect(resizedSize([480, 1200], { shortest: 800, longest: 1333 })).toEqual([533, 1333]);
    expect(resizedSize([33, 77], {})).toEqual([33, 77]);
    expect(resizedSize([1, 4000], { longest: 100 })).toEqual([1, 100]);
    expect(() => resizedSize([10, 10], { longest: 0 })).toThrow(/impossible/);
    expect(() => resizedSize([10, 10], { shortest: 1e9 })).toThrow(/impossible/);
  });
});

describe('resizeImage', () => {
  it('weighs inputs by triangles that sum to one and mirror', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (from, to) => {
        const weights = triangleWeights(from, to);
        for (let i = 0; i < to; i++) {
          const row = weights.subarray(i * from, (i + 1) * from);
          const mirrored = weights.subarray((to - 1 - i) * from, (to - i) * from);
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
          row.forEach((w, j) => {
            expect(w).toBeGreaterThanOrEqual(0);
            expect(w).toBeCloseTo(mirrored[from - 1 - j]!, 5);
          });
        }
      }),
    );
  });

  it('has the closed form of halving and doubling', async () => {
    // Halving: centre 1 + 2i between pixels, reach 2: weights 1/8, 3/8, 3/8, 1/8.
    const ramp = tensor3d(
      [0, 8, 16, 24, 32, 40, 48, 56].flatMap((v) => [v, 1, 255]),
      [1, 8, 3],
    );
    const half = await resizeImage(ramp, [1, 4]).data();
    expect(half[3]).toBeCloseTo((8 + 3 * 16 + 3 * 24 + 32) / 8, 4);
    expect(half[4]).toBeCloseTo(1, 5);
    expect(half[5]).toBeCloseTo(255, 4);
    const double = await resizeImage(ramp, [1, 16]).data();
    expect(double[2 * 3]).toBeCloseTo(6, 4); // 3/4 of 8 + 1/4 of 0
    expect(double[3 * 3]).toBeCloseTo(10, 4);
    expect(resizeImage(ramp, [1, 8])).toBe(ramp);
  });

  it('treats rows as it treats columns', async () => {
    const values = Float32Array.from({ length: 5 * 9 * 3 }, (_, i) => (i * 37) % 256);
    const image = tensor3d(values, [5, 9, 3]);
    const turned = tensor3d(
      values.map((_, i) => values[((Math.floor(i / 3) % 5) * 9 + Math.floor(i / 15)) * 3 + (i % 3)]!),
      [9, 5, 3],
    );
    const a = (await resizeImage(image, [7, 4]).array()) as number[][][];
    const b = (await resizeImage(turned, [4, 7]).array()) as number[][][];
    for (let y = 0; y < 7; y++) for (let x = 0; x < 4; x++) expectClose(b[x]![y]!, a[y]![x]!, 1e-3);
  });
});

it('normalises, and pads with zeros to a common multiple', async () => {
  const flat = (height: number, width: number, value: number): Tensor3D =>
    tensor3d(new Float32Array(height * width * 3).fill(value), [height, width, 3]);
  const { images, metas } = preprocess([flat(20, 40, 255), flat(70, 35, 0)], { longest: 50 }, 32);
  expect(images.shape).toEqual([2, 64, 64, 3]);
  expect(metas).toEqual([
    { originalSize: [20, 40], resizedSize: [25, 50], inputSize: [64, 64] },
    { originalSize: [70, 35], resizedSize: [50, 25], inputSize: [64, 64] },
  ]);
  const at = (b: number, y: number, x: number) => slice(images, [b, y, x, 0], [1, 1, 1, 3]).data();
  expectClose(
    await at(0, 24, 49),
    pixelMean.map((m, c) => (255 - m) / pixelDeviation[c]!),
    1e-5,
  );
  expectClose(await at(0, 25, 10), [0, 0, 0], 0);
  expectClose(
    await at(1, 49, 24),
    pixelMean.map((m, c) => -m / pixelDeviation[c]!),
    1e-5,
  );
  expectClose(await at(1, 10, 25), [0, 0, 0], 0);
});
