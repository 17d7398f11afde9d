import { Random } from '@glid/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointCounts, uncertainPoints, uniformPoints } from './uncertain-points.ts';

describe('uncertainPoints', () => {
  it('keeps the candidates with the smallest |logit|, as sorting does, with ties and for every mask', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        (masks, count, seed) => {
          const random = new Random(seed);
          const keep = random.integer(count + 1);
          // Few distinct values: many ties.
          const logits = Float32Array.from({ length: masks * count }, () => random.integer(9) - 4);
          const candidates = Float32Array.from({ length: masks * count * 2 }, (_, i) => i);
          const extra = Float32Array.from({ length: masks * 4 }, (_, i) => -1 - i);
          const points = uncertainPoints(candidates, logits, extra, masks, keep);
          expect(points.length).toBe(masks * (keep * 2 + 4));
          for (let n = 0; n < masks; n++) {
            const own = points.subarray(n * (keep * 2 + 4), (n + 1) * (keep * 2 + 4));
            const chosen = Array.from({ length: keep }, (_, k) => own[k * 2]! / 2);
            expect(new Set(chosen).size).toBe(keep);
            expect(chosen.every((i) => i >= n * count && i < (n + 1) * count)).toBe(true);
            const doubts = chosen.map((i) => Math.abs(logits[i]!)).sort((a, b) => a - b);
            const all = [...logits.subarray(n * count, (n + 1) * count)].map(Math.abs).sort((a, b) => a - b);
            expect(doubts).toEqual(all.slice(0, keep));
            expect([...own.subarray(keep * 2)]).toEqual([...extra.subarray(n * 4, n * 4 + 4)]);
          }
        },
      ),
    );
  });

  it('refuses more than there is', () => {
    expect(() => uncertainPoints(new Float32Array(4), [1, 2], new Float32Array(0), 1, 3)).toThrow(/Cannot keep 3 of 2/);
    expect(() => uncertainPoints(new Float32Array(2), [1, 2], new Float32Array(0), 1, 1)).toThrow(/2 coordinates/);
  });

  it('counts as the paper does', () => {
    expect(pointCounts({ points: 12544, oversample: 3, importance: 0.75 })).toEqual({
      candidates: 37632,
      uncertain: 9408,
      uniform: 3136,
    });
    expect(uniformPoints(5, new Random(1))).toHaveLength(10);
  });
});
