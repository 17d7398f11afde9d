import { enableProdMode, setBackend, slice, split, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WasmBackend, wasm } from '../src/index.ts';

enableProdMode();

/** A tensor's shape, and of each axis where a slice begins and how much it takes, perhaps nothing. */
const slices = fc.array(
  fc
    .constantFrom(1, 2, 3, 5, 20)
    .chain((extent) =>
      fc
        .tuple(fc.nat(extent), fc.nat(extent))
        .map(([a, b]) => ({ extent, begin: Math.min(a, b), size: Math.abs(a - b) })),
    ),
  { minLength: 1, maxLength: 4 },
);

describe('slice', () => {
  let backend: WasmBackend;

  beforeAll(async () => {
    backend = await wasm({ nativeGemm: 'off' }).create();
    expect(await setBackend('wasm')).toBe(true);
  });

  afterAll(() => backend.dispose());

  it('takes what plain indexing takes, of floats, integers and truth values', () => {
    fc.assert(
      fc.property(slices, fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const), (axes, dtype) => {
        const shape = axes.map(({ extent }) => extent);
        const count = shape.reduce<number>((a, b) => a * b, 1);
        const x = Array.from({ length: count }, (_, i) => (dtype === 'bool' ? ((i * 7) % 3) & 1 : i + 1));
        const expected = x.filter((_, at) => {
          let rest = at;
          return [...axes].reverse().every(({ extent, begin, size }) => {
            const index = rest % extent;
            rest = Math.floor(rest / extent);
            return index >= begin && index < begin + size;
          });
        });
        const got = tidy(() => {
          const taken = slice(
            tensor(x, shape, dtype),
            axes.map(({ begin }) => begin),
            axes.map(({ size }) => size),
          );
          expect(taken.shape).toEqual(axes.map(({ size }) => size));
          expect(taken.dtype).toBe(dtype);
          return [...taken.dataSync()];
        });
        expect(got).toEqual(expected);
      }),
    );
  });

  it('is what `split` gives, and takes whole axes that are not named', () => {
    tidy(() => {
      const x = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
      const columns = split(x, 3, 1).map((column) => [...column.dataSync()]);
      expect([0, 1, 2].map((at) => [...slice(x, [0, at], [2, 1]).dataSync()])).toEqual(columns);
      expect([...slice(x, [1], [1]).dataSync()]).toEqual([4, 5, 6]);
    });
  });
});
