import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, ones, setBackend, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { discLogits } from '../src/discs.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

describe('discs of placed queries', () => {
  it('are 2 at the point of the query and 0 a step of the grid away', async () => {
    // Four queries: points at 1/4 and 3/4, a step of 1/2; cells' centres at 1/8, 3/8, …
    const logits = discLogits(4, [4, 4], null);
    expect(logits.shape).toEqual([1, 4, 4, 4]);
    const at = (await logits.array())[0]!;
    const closed = (px: number, py: number, x: number, y: number): number =>
      2 * (1 - ((x - px) ** 2 + (y - py) ** 2) / 0.25);
    for (const [query, [px, py]] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.25, 0.75],
      [0.75, 0.75],
    ].entries()) {
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 4; x++) {
          expect(at[query]![y]![x]).toBeCloseTo(closed(px!, py!, (x + 0.5) / 4, (y + 0.5) / 4), 5);
        }
      }
    }
  });

  it('lie relative to the picture without its padding', async () => {
    const whole = discLogits(9, [6, 5], null);
    const shown = tensor3d(
      Float32Array.from({ length: 64 }, (_, i) => Number(i >> 3 < 6 && (i & 7) < 5)),
      [1, 8, 8],
    );
    const padded = discLogits(9, [8, 8], shown);
    const [small, large] = [(await whole.array())[0]!, (await padded.array())[0]!];
    for (let query = 0; query < 9; query++) {
      for (let y = 0; y < 6; y++) {
        for (let x = 0; x < 5; x++) expect(large[query]![y]![x]).toBeCloseTo(small[query]![y]![x]!, 5);
      }
    }
    const full = discLogits(9, [6, 5], ones([1, 6, 5]) as Tensor3D);
    expect([...(await full.data())]).toEqual([...(await whole.data())]);
  });
});
