import '@tensorflow/tfjs-backend-cpu';
import { encodeMask } from '@glid/head-kit';
import { maskReadout, maskWords } from '@glid/ops';
import { enableProdMode, setBackend, type Tensor2D, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodePacked } from '../src/inference/packed-masks.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const stacks = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 2, 23, 24, 25, 49))
  .chain(([height, width, count]) =>
    fc.record({
      size: fc.constant([height, width] as const),
      count: fc.constant(count),
      pixels: fc.array(fc.constantFrom(0, 1), {
        minLength: height * width * count,
        maxLength: height * width * count,
      }),
    }),
  );

describe('packed masks', () => {
  it('give the runs of each mask by itself, and are a 24th as many numbers', () => {
    fc.assert(
      fc.property(stacks, ({ size, count, pixels }) => {
        const area = size[0] * size[1];
        const words = tidy(() =>
          maskReadout(tensor(pixels, [area, count]) as Tensor2D)
            .words.dataSync()
            .slice(),
        );
        expect(words.length).toBe(area * maskWords(count));
        const alone = Array.from({ length: count }, (_, s) =>
          encodeMask(
            Array.from({ length: area }, (_, p) => pixels[p * count + s]!),
            size,
          ),
        );
        expect(encodePacked(words, count, size)).toEqual(alone);
      }),
      { numRuns: 50 },
    );
  });
});
