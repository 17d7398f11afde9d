import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, setBackend, tensor2d, transpose } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { maskCosts } from './mask-costs.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

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
      const { crossEntropy, dice } = maskCosts(transpose(tensor2d(values, [3, points])), tensor2d(wanted, [2, points]));
      const got = await crossEntropy.data();
      for (let q = 0; q < 3; q++) {
        for (let t = 0; t < 2; t++) {
          let sum = 0;
          for (let p = 0; p < points; p++) {
            const x = values[q * points + p]!;
            sum += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - x * wanted[t * points + p]!;
          }
          const expected = sum / points;
          expect(Math.abs(got[q * 2 + t]! - expected)).toBeLessThanOrEqual(1e-6 + 2e-6 * Math.abs(expected));
        }
      }
      crossEntropy.dispose();
      dice.dispose();
    },
  );
});
