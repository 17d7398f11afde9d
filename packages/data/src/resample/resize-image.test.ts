import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Filter, resizeGeometry, wholeRect } from '../geometry/geometry.ts';
import { filterWeights } from './filter-weights.ts';
import { resizeImage } from './resize-image.ts';
import { warpImage } from './warp-image.ts';

const sides = fc.integer({ min: 1, max: 20 });
const filters = fc.constantFrom<Filter>('bilinear', 'bicubic');

describe('filterWeights', () => {
  it('are those of a stretched triangle when halving four positions', () => {
    const { first, count, weights, stride } = filterWeights(4, 2, 0, 2, 'bilinear', false);
    expect([...first]).toEqual([0, 1]);
    expect([...count]).toEqual([3, 3]);
    const left = [...weights.subarray(0, 3)];
    [3 / 7, 3 / 7, 1 / 7].forEach((w, i) => {
      expect(left[i]).toBeCloseTo(w, 6);
      expect(weights[stride + 2 - i]).toBeCloseTo(w, 6);
    });
  });

  it('are plain interpolation when doubling', () => {
    const { weights, stride, first, count } = filterWeights(3, 6, 0, 6, 'bilinear', false);
    expect([first[2], count[2]]).toEqual([0, 2]);
    expect(weights[2 * stride]).toBeCloseTo(0.25, 6);
    expect(weights[2 * stride + 1]).toBeCloseTo(0.75, 6);
  });

  it('sum to one, keep a straight line straight inside, and mirror', () => {
    fc.assert(
      fc.property(sides, sides, filters, (from, to, filter) => {
        const plain = filterWeights(from, to, 0, to, filter, false);
        const mirrored = filterWeights(from, to, 0, to, filter, true);
        const apply = (w: typeof plain, i: number, f: (k: number) => number): number => {
          let sum = 0;
          for (let k = 0; k < w.count[i]!; k++) sum += w.weights[i * w.stride + k]! * f(w.first[i]! + k);
          return sum;
        };
        for (let i = 0; i < to; i++) {
          expect(apply(plain, i, () => 1)).toBeCloseTo(1, 5);
          expect(apply(plain, i, (k) => k * k)).toBe(apply(mirrored, to - 1 - i, (k) => k * k));
        }
        if (from > 12 && to > from) {
          const middle = Math.floor(to / 2);
          expect(apply(plain, middle, (k) => k)).toBeCloseTo(((middle + 0.5) * from) / to - 0.5, 4);
        }
      }),
    );
  });
});

describe('resizeImage', () => {
  it('is the double sum of its weights', () => {
    fc.assert(
      fc.property(sides, sides, sides, sides, filters, fc.integer(), (w, h, tw, th, filter, seed) => {
        const image = Float32Array.from({ length: w * h * 3 }, (_, i) => (Math.imul(i + 1, seed | 1) >>> 8) % 256);
        const out = resizeImage(image, w, { ...resizeGeometry(wholeRect([h, w]), [th, tw]), filter });
        const across = filterWeights(w, tw, 0, tw, filter, false);
        const down = filterWeights(h, th, 0, th, filter, false);
        for (const [y, x] of [
          [0, 0],
          [th - 1, tw - 1],
          [th >> 1, tw >> 1],
        ] as const) {
          let sum = 0;
          for (let j = 0; j < down.count[y]!; j++) {
            for (let i = 0; i < across.count[x]!; i++) {
              const weight = down.weights[y * down.stride + j]! * across.weights[x * across.stride + i]!;
              sum += weight * image[((down.first[y]! + j) * w + across.first[x]! + i) * 3 + 1]!;
            }
          }
          expect(out[(y * tw + x) * 3 + 1]).toBeCloseTo(sum, 2);
        }
      }),
    );
  });

  it('rounds and clips bytes', () => {
    const image = Uint8Array.from([0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255]);
    const out = resizeImage(image, 4, { ...resizeGeometry(wholeRect([1, 4]), [1, 16]), filter: 'bicubic' });
    expect(Math.min(...out)).toBe(0);
    expect(Math.max(...out)).toBe(255);
  });
});

describe('warpImage', () => {
  it('with the identity gives the picture, with half a pixel the mean of neighbours', () => {
    const image = Uint8Array.from([10, 20, 30, 50, 60, 70, 90, 100, 110]);
    const base = { kind: 'affine', output: [1, 3], fill: [0, 0, 0] } as const;
    expect(warpImage(image, 1, 3, { ...base, matrix: [1, 0, 0, 0, 1, 0] })).toEqual(image);
    const shifted = warpImage(image, 1, 3, { ...base, matrix: [1, 0, 0.5, 0, 1, 0] });
    expect([...shifted]).toEqual([30, 40, 50, 70, 80, 90, 45, 50, 55]);
  });
});
