import { expectClose } from '@glid/test-utils';
import type { Tensor } from '@tensorflow/tfjs-core';
import { enableProdMode, fused, matMul, setBackend, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WasmBackend, wasm } from '../src/index.ts';

enableProdMode();

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const values = (n: number, phase: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i * i * 0.37 + phase));

/** A shape and an order of its axes. */
const permutation = fc
  .array(fc.constantFrom(1, 2, 3, 4, 5, 7), { minLength: 1, maxLength: 6 })
  .chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length }),
      fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
    ),
  );

/** Sizes around the micro kernel's 6 x 8, above its depth of 256, and none at all. */
const extent = fc.constantFrom(0, 1, 2, 5, 6, 7, 8, 9, 13, 17, 31, 64);
const products = fc.record({
  m: extent,
  n: extent,
  k: fc.constantFrom(0, 1, 3, 4, 5, 8, 31, 257, 520),
  batchA: fc.constantFrom([], [1], [3], [2, 1]),
  batchB: fc.constantFrom([], [1], [3]),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

describe.each(['off', 'auto'] as const)('nativeGemm: %s', (nativeGemm) => {
  let backend: WasmBackend;

  beforeAll(async () => {
    backend = await wasm({ nativeGemm, nativeThreads: 1 }).create();
    expect(await setBackend('wasm')).toBe(true);
  });

  afterAll(() => backend.dispose());

  it('permutes axes as plain indexing does', () => {
    fc.assert(
      fc.property(permutation, ([shape, perm, dtype]) => {
        const x = Array.from({ length: size(shape) }, (_, i) => (dtype === 'bool' ? (i * 7) % 2 : i + 1));
        const got = tidy(() =>
          transpose(tensor(x, shape, dtype), perm)
            .dataSync()
            .slice(),
        );
        const outShape = perm.map((axis) => shape[axis]!);
        const expected = x.map((_, at) => {
          let rest = at;
          const index: number[] = [];
          for (let axis = perm.length - 1; axis >= 0; axis--) {
            index[perm[axis]!] = rest % outShape[axis]!;
            rest = Math.floor(rest / outShape[axis]!);
          }
          return x[index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0)]!;
        });
        expect(Array.from(got)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('multiplies matrices as plain loops do, transposed, batched and broadcast', () => {
    fc.assert(
      fc.property(products, ({ m, n, k, batchA, batchB, transposeA, transposeB }) => {
        fc.pre(batchA.length < 2 || batchB.length < 2);
        const shapeA = [...batchA, ...(transposeA ? [k, m] : [m, k])];
        const shapeB = [...batchB, ...(transposeB ? [n, k] : [k, n])];
        const a = values(size(shapeA), 0.2);
        const b = values(size(shapeB), 1.7);
        const out = tidy(() => {
          const y = matMul(tensor(a, shapeA), tensor(b, shapeB), transposeA, transposeB);
          return { shape: y.shape, values: y.dataSync().slice() };
        });
        const batch = out.shape.slice(0, -2);
        const expected = new Float64Array(size(batch) * m * n);
        for (let at = 0; at < expected.length; at++) {
          const [q, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
          const qa = pick(batchA, batch, q) * m * k;
          const qb = pick(batchB, batch, q) * k * n;
          for (let p = 0; p < k; p++) {
            expected[at]! +=
              a[qa + (transposeA ? p * m + i : i * k + p)]! * b[qb + (transposeB ? j * k + p : p * n + j)]!;
          }
        }
        expectClose(out.values, expected, 1e-6 * (k + 10));
      }),
      { numRuns: 300 },
    );
  });

  it.each([undefined, 'relu', 'elu', 'sigmoid'] as const)('fused.matMul with bias and %s', (activation) => {
    const [m, k, n] = [13, 40, 21];
    const [a, b, bias] = [values(m * k, 0.1), values(k * n, 0.9), values(n, 2)];
    const got = tidy(() =>
      fused
        .matMul({
          a: tensor(a, [m, k]),
          b: tensor(b, [k, n]),
          bias: tensor(bias, [n]) as Tensor,
          ...(activation && { activation }),
        })
        .dataSync()
        .slice(),
    );
    const expected = Float64Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let z = bias[j]!;
      for (let p = 0; p < k; p++) z += a[i * k + p]! * b[p * n + j]!;
      if (activation === 'relu') return Math.max(0, z);
      if (activation === 'elu') return z >= 0 ? z : Math.expm1(z);
      return activation === 'sigmoid' ? 1 / (1 + Math.exp(-z)) : z;
    });
    expectClose(got, expected, 5e-5);
  });
});

/** Which of an operand's matrices belongs to matrix `q` of the broadcast batch. */
function pick(from: readonly number[], to: readonly number[], q: number): number {
  let rest = q;
  let step = 1;
  let at = 0;
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const own = from[axis - to.length + from.length] ?? 1;
    if (own > 1) at += (rest % to[axis]!) * step;
    rest = Math.floor(rest / to[axis]!);
    step *= own;
  }
  return at;
}
