import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { maxDifference } from '@glid/test-utils';
import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { enableProdMode, grad, mul, randomNormal, setBackend, sum, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { attention, resizeBilinear, resizeNearest, windowAttention } from '../src/index.ts';
import * as exactAttention from './suite/reference/attention.ts';
import * as exactMaps from './suite/reference/maps.ts';

enableProdMode();

const numbers = (length: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
const upTo = (n: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: n });

describe('properties', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it('windowAttention is the reference for any window, shift, number of heads and mask', () => {
    const geometry = fc
      .record({
        window: fc.tuple(upTo(3), upTo(3)),
        counts: fc.tuple(upTo(3), upTo(3)),
        heads: upTo(3),
        batch: upTo(2),
      })
      .chain(({ window, counts, heads, batch }) =>
        fc.record({
          shape: fc.record({
            batch: fc.constant(batch),
            size: fc.constant([window[0] * counts[0], window[1] * counts[1]] as const),
            channels: fc.constant(2 * heads),
            heads: fc.constant(heads),
            window: fc.constant(window),
            shift: fc.tuple(fc.integer({ min: 0, max: window[0] - 1 }), fc.integer({ min: 0, max: window[1] - 1 })),
          }),
          qkv: numbers(batch * window[0] * counts[0] * window[1] * counts[1] * 6 * heads),
          bias: numbers(heads * (window[0] * window[1]) ** 2),
          mask: fc.array(fc.boolean(), {
            minLength: batch * window[0] * counts[0] * window[1] * counts[1],
            maxLength: batch * window[0] * counts[0] * window[1] * counts[1],
          }),
        }),
      );
    fc.assert(
      fc.property(geometry, ({ shape, qkv, bias, mask }) => {
        const visible = Float32Array.from(mask, Number);
        const positions = shape.window[0] * shape.window[1];
        const got = tidy(() =>
          windowAttention(
            tensor(qkv, [shape.batch, ...shape.size, 3 * shape.channels]) as Tensor4D,
            tensor(bias, [shape.heads, positions, positions]) as Tensor3D,
            { ...shape, keyMask: tensor(visible, [shape.batch, ...shape.size]) as Tensor3D },
          ).dataSync(),
        );
        const expected = exactAttention.windowAttention(
          shape,
          Float64Array.from(qkv),
          Float64Array.from(bias),
          Float64Array.from(visible),
        );
        return maxDifference(got, expected).worst < 5e-5;
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('the gradient of a resize is its transpose: <resize x, y> = <x, gradient y>, for any sizes', () => {
    const sizes = fc.record({
      from: fc.tuple(upTo(9), upTo(9)),
      to: fc.tuple(upTo(9), upTo(9)),
      corners: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, ({ from, to, corners }) =>
        tidy(() => {
          const x = randomNormal([2, ...from, 3], 0, 1, 'float32', 5) as Tensor4D;
          const y = randomNormal([2, ...to, 3], 0, 1, 'float32', 6) as Tensor4D;
          const ops = [
            (t: Tensor4D) => resizeBilinear(t, to, { alignCorners: corners }),
            (t: Tensor4D) => resizeNearest(t, to),
          ];
          const exact = [
            exactMaps.resizeBilinear(Float64Array.from(x.dataSync()), 2, from, 3, to, corners),
            exactMaps.resizeNearest(Float64Array.from(x.dataSync()), 2, from, 3, to),
          ];
          return ops.every((op, i) => {
            const forward = op(x);
            const gradient = grad((t) => sum(mul(op(t as Tensor4D), y)))(x);
            const left = sum(mul(forward, y)).dataSync()[0]!;
            const right = sum(mul(x, gradient)).dataSync()[0]!;
            return maxDifference(forward.dataSync(), exact[i]!).worst < 1e-5 && Math.abs(left - right) < 1e-3;
          });
        }),
      ),
      { numRuns: 60, seed: 2 },
    );
  });

  it('attention does not see masked keys: changing them changes nothing, and they get no gradient', () => {
    fc.assert(
      fc.property(
        fc.tuple(upTo(5), upTo(6)),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        numbers(24),
        (n, mask, noise) =>
          tidy(() => {
            const [queries, keys] = n;
            const visible = Float32Array.from(mask.slice(0, keys), Number);
            const keyMask = tensor(visible, [1, keys]) as Tensor2D;
            const q = randomNormal([1, queries, 4], 0, 1, 'float32', 7) as Tensor3D;
            const k = randomNormal([1, keys, 4], 0, 1, 'float32', 8) as Tensor3D;
            const values = k.dataSync().map((value, i) => (visible[Math.floor(i / 4)] === 0 ? noise[i]! : value));
            const changed = tensor(values, [1, keys, 4]) as Tensor3D;
            const run = (t: Tensor3D): Tensor3D => attention(q, t, t, { heads: 2, keyMask });
            const same = maxDifference(run(k).dataSync(), run(changed).dataSync()).worst === 0;
            const g = grad((t) => sum(run(t as Tensor3D)))(k).dataSync();
            return same && g.every((value, i) => visible[Math.floor(i / 4)] === 1 || value === 0);
          }),
      ),
      { numRuns: 60, seed: 3 },
    );
  });
});
