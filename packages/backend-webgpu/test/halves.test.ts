import '@glid/ops/gradients';
import { fromHalfBits, Random, toHalfBits } from '@glid/base';
import { type GlidBackend, linear } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import {
  enableProdMode,
  env,
  matMul,
  relu,
  reshape,
  setBackend,
  square,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);
const random = new Random(4);
const normals = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal());
const rounded = (values: Float32Array): Float32Array => values.map((v) => fromHalfBits(toHalfBits(v)));

/** `a [m, k] b [k, n]` in double precision. */
function product(a: Float32Array, b: Float32Array, m: number, k: number, n: number): number[] {
  return Array.from({ length: m * n }, (_, at) => {
    let total = 0;
    for (let i = 0; i < k; i++) total += a[Math.floor(at / n) * k + i]! * b[i * n + (at % n)]!;
    return total;
  });
}

describe.skipIf(!adapter)('16-bit storage (needs a Vulkan driver, software will do)', () => {
  const [m, k, n] = [5, 37, 64];
  const x = normals(m * k);
  const values = normals(k * n);
  let backend: GlidBackend;
  const store = async (list: Float32Array, shape: [number, number]): Promise<Tensor2D> => {
    const matrix = tensor(list.slice(), shape) as Tensor2D;
    await backend.storeHalf!([matrix]);
    return matrix;
  };

  beforeAll(async () => {
    backend = await webgpu({ allowSoftware: true }).create();
    await expect(backend.storeHalf!([])).rejects.toMatchObject({ code: 'GLID_USAGE' });
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false);
  });
  afterAll(() => backend.dispose());

  it('takes two bytes a number, from the CPU or from the device, and gives them back when disposed', async () => {
    const start = backend.bytesInUse!();
    const matrix = await store(values, [k, n]);
    expect(backend.bytesInUse!() - start).toBe(2 * k * n);
    expect(await matrix.data()).toEqual(rounded(values));
    expect(backend.bytesInUse!() - start).toBe(2 * k * n);
    const born = relu(matrix); // on the device, never on the CPU; it widens `matrix`
    const positive = rounded(values).map((v) => Math.max(0, v));
    expect(await born.data()).toEqual(positive);
    expect(backend.bytesInUse!() - start).toBe(8 * k * n);
    await backend.storeHalf!([born, matrix, matrix]);
    expect(backend.bytesInUse!() - start).toBe(4 * k * n);
    expect(await born.data()).toEqual(positive);
    born.dispose();
    matrix.dispose();
    expect(backend.bytesInUse!()).toBe(start);
  });

  it('is read by products, straight and transposed, without being widened', async () => {
    const start = backend.bytesInUse!();
    const matrix = await store(values, [k, n]);
    const exact = product(x, rounded(values), m, k, n);
    const got = tidy(() => linear(tensor(x, [m, k]) as Tensor2D, matrix, tensor(new Float32Array(n), [n]) as Tensor1D));
    expectClose(await got.data(), exact, 2e-5);
    const back = tidy(() => matMul(tensor(exact, [m, n]), matrix, false, true));
    const turned = new Float32Array(n * k).map((_, at) => rounded(values)[(at % k) * n + Math.floor(at / k)]!);
    const expected = product(Float32Array.from(exact), turned, m, n, k);
    expectClose(await back.data(), expected, 2e-3);
    got.dispose();
    back.dispose();
    expect(backend.bytesInUse!() - start).toBe(2 * k * n);
    matrix.dispose();
  });

  it('has the gradients of the rounded numbers', async () => {
    const matrix = await store(values, [k, n]);
    const run = valueAndGrads((a: Tensor, w: Tensor) => sum(square(linear(a as Tensor2D, w as Tensor2D))));
    const { grads } = run([tensor(x, [m, k]), matrix]);
    const plain = run([tensor(x, [m, k]), tensor(rounded(values), [k, n])]);
    for (const i of [0, 1]) expectClose(await grads[i]!.data(), await plain.grads[i]!.data(), 1e-3);
    matrix.dispose();
  });

  it('becomes float32 for kernels that do not know it, and stays right', async () => {
    const matrix = await store(values, [k, n]);
    expectClose(
      await square(matrix).data(),
      rounded(values).map((v) => v * v),
      1e-6,
    );
    expect(await matrix.data()).toEqual(rounded(values));
    const both = await store(normals(64), [8, 8]);
    const numbers = (await both.data()) as Float32Array;
    expectClose(await matMul(both, both).data(), product(numbers, numbers, 8, 8, 8), 1e-5);
  });

  it('is right in other shapes too', async () => {
    const matrix = await store(values, [k, n]);
    const left = normals(4 * n);
    // Rows of 74 numbers, two bytes each, are no whole number of words of four.
    const wide = tidy(() => matMul(tensor(left, [8, n / 2]), reshape(matrix, [n / 2, 2 * k])));
    expectClose(await wide.data(), product(left, rounded(values), 8, n / 2, 2 * k), 2e-5);
    expect(await matrix.data()).toEqual(rounded(values));
  });

  it('leaves alone what does not fit: numbers beyond 65504, rows of odd length, other ranks', async () => {
    const large = Float32Array.of(1, 2, 3, 65505);
    const third = Float32Array.of(1 / 3, 1 / 3, 1 / 3);
    const line = tensor(third.slice());
    await backend.storeHalf!([line]);
    expect(await (await store(large, [1, 4])).data()).toEqual(large);
    expect(await (await store(third, [1, 3])).data()).toEqual(third);
    expect(await line.data()).toEqual(third);
  });
});
