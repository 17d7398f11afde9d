import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resizeRelativePositionTable, windowOfTable } from './resize-table.ts';

/** Bicubic from its definition: every (virtual, border-repeated) source sample weighs in with the kernel at its distance. */
function bruteForce(table: Float32Array, heads: number, from: number, to: number): number[] {
  const n = 2 * from - 1;
  const m = 2 * to - 1;
  const kernel = (x: number): number => {
    const d = Math.abs(x);
    if (d >= 2) return 0;
    return d < 1 ? 1.25 * d * d * d - 2.25 * d * d + 1 : -0.75 * (d * d * d - 5 * d * d + 8 * d - 4);
  };
  const clamp = (i: number): number => Math.max(0, Math.min(n - 1, i));
  const out: number[] = [];
  for (let y = 0; y < m; y++) {
    for (let x = 0; x < m; x++) {
      for (let h = 0; h < heads; h++) {
        let sum = 0;
        for (let sy = -4; sy < n + 4; sy++) {
          for (let sx = -4; sx < n + 4; sx++) {
            const weight = kernel(((y + 0.5) * n) / m - 0.5 - sy) * kernel(((x + 0.5) * n) / m - 0.5 - sx);
            if (weight !== 0) sum += weight * table[(clamp(sy) * n + clamp(sx)) * heads + h]!;
          }
        }
        out.push(sum);
      }
    }
  }
  return out;
}

const window = fc.integer({ min: 1, max: 6 });

it('equals the definition of bicubic interpolation for any pair of windows', () => {
  fc.assert(
    fc.property(window, window, fc.integer({ min: 1, max: 3 }), fc.integer(), (from, to, heads, seed) => {
      const size = (2 * from - 1) ** 2 * heads;
      const table = Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i * i));
      const got = resizeRelativePositionTable(table, heads, from, to);
      const want = bruteForce(table, heads, from, to);
      expect(got.length).toBe(want.length);
      for (let i = 0; i < got.length; i++) expect(Math.abs(got[i]! - want[i]!)).toBeLessThan(3e-7);
    }),
    { numRuns: 60 },
  );
});

it('keeps the same window, constants, and the centre by symmetry', () => {
  const table = Float32Array.from({ length: 49 * 2 }, (_, i) => Math.cos(i));
  expect(resizeRelativePositionTable(table, 2, 4, 4)).toEqual(table);
  const constant = resizeRelativePositionTable(new Float32Array(169).fill(0.7), 1, 7, 12);
  for (const value of constant) expect(value).toBeCloseTo(0.7, 6);
  const n = 13;
  const odd = Float32Array.from({ length: n * n }, (_, i) => Math.floor(i / n) - 6 + 2 * ((i % n) - 6));
  expect(resizeRelativePositionTable(odd, 1, 7, 12)[264]).toBeCloseTo(0, 6);
});

it('knows the window of a table', () => {
  expect([1, 9, 49, 169, 529].map(windowOfTable)).toEqual([1, 2, 4, 7, 12]);
  expect([0, 2, 4, 16, 168].map(windowOfTable)).toEqual([null, null, null, null, null]);
});
