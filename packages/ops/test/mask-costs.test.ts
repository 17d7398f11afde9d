import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, memory, setBackend, type Tensor4D, tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { maskCosts } from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

/** Points at the centres of the cells of one row: samples are the cells themselves. */
const centres = (count: number): Float32Array =>
  Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? (i / 2 + 0.5) / count : 0.5));

describe('maskCosts', () => {
  // Of 1, 7 and 48 points 1, 1 and 16 are multiplied together, of 192 points 64.
  it.each([1, 7, 48, 192])(
    'is the mean of softplus(x) - x t for %i points, from tiny to huge logits',
    async (points) => {
      const values = Float32Array.from({ length: 3 * points }, (_, i) => {
        const scale = [0.01, 3, 200][Math.floor(i / points)]!;
        return scale * Math.sin(1 + 7.3 * i);
      });
      const wanted = Float32Array.from({ length: 2 * points }, (_, i) => (i % 3) / 2);
      const { crossEntropy, dice } = maskCosts([tensor(values, [1, 3, 1, points])], [centres(points)], [wanted]);
      expect(crossEntropy.shape).toEqual([2, 1, 3]);
      const got = await crossEntropy.data();
      for (let q = 0; q < 3; q++) {
        for (let t = 0; t < 2; t++) {
          let sum = 0;
          for (let p = 0; p < points; p++) {
            const x = values[q * points + p]!;
            sum += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - x * wanted[t * points + p]!;
          }
          const expected = sum / points;
          expect(Math.abs(got[t * 3 + q]! - expected)).toBeLessThanOrEqual(1e-6 + 2e-6 * Math.abs(expected));
        }
      }
      crossEntropy.dispose();
      dice.dispose();
    },
  );

  it('leaves nothing behind but its two answers, and answers emptily for pictures without targets', () => {
    const masks: Tensor4D = zeros([2, 3, 4, 4]);
    const before = memory().numTensors;
    const some = maskCosts([masks, masks], [centres(5), centres(5)], [new Float32Array(10), new Float32Array(0)]);
    expect([some.crossEntropy.shape, some.dice.shape]).toEqual([
      [2, 2, 3],
      [2, 2, 3],
    ]);
    const none = maskCosts([masks], [centres(5), centres(5)], [new Float32Array(0), new Float32Array(0)]);
    expect(none.dice.shape).toEqual([0, 1, 3]);
    expect(memory().numTensors).toBe(before + 4);
  });

  it('refuses targets that do not fit the points', () => {
    expect(() => maskCosts([zeros([1, 3, 4, 4])], [centres(5)], [new Float32Array(7)])).toThrow(/GLID_SHAPE|maskCosts/);
  });
});
