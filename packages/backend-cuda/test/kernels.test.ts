import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { glidKernelNames } from '@glid/ops';
import {
  abs,
  addN,
  all,
  any,
  argMax,
  argMin,
  avgPool,
  broadcastTo,
  cast,
  ceil,
  clipByValue,
  concat,
  cumsum,
  div,
  elu,
  enableProdMode,
  equal,
  floorDiv,
  fused,
  gather,
  greaterEqual,
  image,
  leakyRelu,
  linspace,
  logicalNot,
  logSoftmax,
  matMul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mod,
  oneHot,
  pad,
  pow,
  prelu,
  prod,
  range,
  relu,
  reverse,
  round,
  setBackend,
  sign,
  softplus,
  split,
  stack,
  step,
  stridedSlice,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor,
  tensor1d,
  tensor2d,
  tile,
  topk,
  transpose,
  unstack,
  where,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernels } from '../src/register-kernels.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

const numbers = (shape: number[], seed: number): Tensor => {
  const random = new Random(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => random.normal(0, 2)),
    shape,
  );
};
const special = (): Tensor => tensor1d([0, -0, 1, -1, 2.5, -2.5, 3.5, 1e30, -1e30, Infinity, -Infinity, NaN]);
const whole = (): Tensor => tensor1d([7, -7, 7, -7, 0, 16777217, -16777217], 'int32');
const divisors = (): Tensor => tensor1d([3, 3, -3, -3, 5, 2, 2], 'int32');
const maps = (seed: number): Tensor => numbers([2, 5, 7, 3], seed);

/** Beside the numeric suite: what else the model, the heads and training call, on corner values, against the cpu backend. */
const cases: Record<string, () => Tensor | Tensor[]> = {
  'unary, special values': () => [abs, ceil, relu, sign, elu, softplus, round].map((f) => f(special()) as Tensor),
  'unary with an attribute': () => [leakyRelu(special(), 0.3), step(special(), 0.5), clipByValue(special(), -2, 2)],
  'maximum and minimum pass NaN on': () => {
    const [a, b] = [special(), reverse(special())];
    return [maximum(a, b), minimum(a, b), maximum(b, a), minimum(b, a)];
  },
  'integers keep all digits': () => [sub(whole(), tensor(1, [], 'int32')), floorDiv(whole(), divisors())],
  'modulus takes the sign of the divisor': () => [
    mod(whole(), divisors()),
    mod(tensor1d([5.5, -5.5, 5.5]), tensor1d([3, 3, -3])),
  ],
  'powers and quotients': () => [pow(tensor1d([2, -2, 0]), tensor1d([3, 2, 0])), div(tensor1d([1, 0, -1]), 0)],
  'broadcasts of rank 4': () => [
    sub(numbers([2, 1, 3, 1], 1), numbers([1, 4, 1, 5], 2)),
    maximum(numbers([3], 3), numbers([2, 4, 1], 4)),
    prelu(numbers([2, 3, 4], 5), numbers([4], 6)),
  ],
  'a scalar left and right': () => [sub(2, numbers([5], 1)), sub(numbers([5], 1), 2), greaterEqual(numbers([5], 2), 0)],
  'comparison with NaN': () => [equal(special(), reverse(special())), logicalNot(greaterEqual(special(), 0))],
  casts: () => [
    cast(special(), 'bool'),
    cast(tensor1d([1.9, -1.9, 0.4]), 'int32'),
    cast(whole(), 'float32'),
    cast(tensor(2.7), 'int32'),
  ],
  'copies of any walk': () => [
    transpose(numbers([2, 3, 4, 5, 2], 1), [4, 2, 0, 3, 1]),
    stridedSlice(numbers([5, 6, 7], 2), [4, 1, 6], [0, 6, 0], [-2, 2, -3]),
    reverse(numbers([3, 4, 5], 3), [0, 2]),
    tile(numbers([2, 1, 3], 4), [2, 3, 1]),
    broadcastTo(numbers([3, 1], 5), [2, 3, 4]),
    pad(cast(tensor1d([1, 2]), 'int32'), [[2, 1]], 9),
    concat([numbers([2, 1, 3], 6), numbers([2, 0, 3], 7), numbers([2, 4, 3], 8)], 1),
    stack([numbers([2, 3], 9), numbers([2, 3], 10)], -1),
    ...unstack(numbers([2, 3, 2], 11), 1),
    ...split(numbers([7, 2], 12), [1, 4, 2], 0),
  ],
  reductions: () => {
    const x = numbers([3, 4, 5, 6], 1);
    return [sum(x, [0, 2]), mean(x, [1, 3], true), max(x, [0, 3]), min(x, 1), prod(numbers([3, 5], 2), 1)];
  },
  'long reductions, in pieces': () => [
    max(numbers([20000], 1)),
    min(numbers([9000, 3], 2), 0),
    sum(numbers([2, 9001], 3), 1),
  ],
  'reductions of bool and int': () => {
    const flags = tensor2d([1, 0, 1, 1, 1, 1], [2, 3], 'bool');
    return [
      all(flags, 1),
      any(flags, 0),
      sum(flags, 1),
      sum(tensor2d([1, 2, 3, 4], [2, 2], 'int32'), 0),
      mean(flags as never, 0),
    ];
  },
  'reductions of nothing': () => [sum(tensor([], [0, 3]), 0), sum(tensor([], [3, 0]), 1), max(numbers([0, 3], 1), 1)],
  'first of equal extremes': () => [argMax(tensor2d([1, 3, 3, 2, 2, 1], [2, 3]), 1), argMin(numbers([3, 4, 2], 1), 1)],
  'sums of many': () => addN(Array.from({ length: 20 }, (_, i) => numbers([3, 2], i))),
  'where, by element and by row': () => [
    where(greaterEqual(numbers([3, 2], 1), 0), numbers([3, 2], 2), numbers([3, 2], 3)),
    where(tensor1d([1, 0, 1], 'bool'), numbers([3], 4), numbers([3], 5)),
  ],
  'cumulative sums': () => [
    cumsum(numbers([3, 5], 1), 1),
    cumsum(numbers([3, 5], 1), 0, true),
    cumsum(numbers([7], 2), 0, false, true),
  ],
  sequences: () => [range(5, 0, -2), range(0, 3, 1, 'int32'), linspace(0, 1, 4), oneHot(tensor1d([2, 0], 'int32'), 3)],
  'gather with batches': () => gather(numbers([2, 4, 3], 1), tensor2d([3, 0, 1, 2], [2, 2], 'int32'), 1, 1),
  'topk, with equal values': () => {
    const { values, indices } = topk(tensor2d([3, 1, 3, 2, 5, 5, 5, 0], [2, 4]), 3);
    return [values, indices];
  },
  'log softmax': () => logSoftmax(numbers([3, 300], 1)),
  'products of integers': () => matMul(cast(numbers([3, 4], 1), 'int32'), cast(numbers([4, 2], 2), 'int32')),
  'fused products': () =>
    (['relu', 'elu', 'sigmoid', 'relu6'] as const).map((activation) =>
      fused.matMul({
        a: numbers([3, 4], 1) as Tensor2D,
        b: numbers([4, 5], 2) as Tensor2D,
        bias: numbers([5], 3),
        activation,
      }),
    ),
  'fused convolutions': () => [
    fused.conv2d({
      x: maps(1) as never,
      filter: numbers([3, 3, 3, 4], 2) as never,
      strides: 2,
      pad: 'same',
      bias: numbers([4], 3),
      activation: 'relu',
    }),
    fused.depthwiseConv2d({
      x: maps(1) as never,
      filter: numbers([3, 3, 3, 2], 2) as never,
      strides: 1,
      pad: 1,
      bias: numbers([6], 3),
    }),
  ],
  'average pools': () => avgPool(maps(1) as never, 3, 2, 'same'),
  resizes: () =>
    [true, false].flatMap((alignCorners) => [
      image.resizeBilinear(maps(1) as never, [8, 4], alignCorners),
      image.resizeNearestNeighbor(maps(1) as never, [8, 4], alignCorners),
    ]),
  'suppression of boxes': () =>
    image.nonMaxSuppression(
      tensor2d([0, 0, 1, 1, 0, 0, 1, 0.9, 2, 2, 3, 3], [3, 4]),
      tensor1d([0.9, 0.8, 0.7]),
      3,
      0.5,
    ),
  'batches of one side': () => [
    matMul(numbers([4, 2, 3], 1), numbers([1, 3, 5], 2)),
    matMul(numbers([1, 2, 3], 1) as Tensor3D, numbers([4, 3, 5], 2) as Tensor3D),
    matMul(numbers([4, 3, 2], 1), numbers([1, 3, 5], 2), true, false),
  ],
};

describe('the registry', () => {
  it('has a kernel for every contract but those of matching and reading out masks, which are composed, and none twice', () => {
    const names = kernels.map(({ kernelName }) => kernelName);
    expect(glidKernelNames.filter((name) => !names.includes(name))).toEqual([
      'GlidMaskCosts',
      'GlidMaskReadout',
      'GlidMaskContest',
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.skipIf(withoutCompiler)('kernels on the simulator, against cpu (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend({ exactMemory: true });
  });
  afterAll(() => simulated.dispose());

  it.each(Object.entries(cases))('%s', async (_, run) => {
    const on = async (backend: string): Promise<{ shape: number[]; dtype: string; values: number[] }[]> => {
      expect(await setBackend(backend)).toBe(true);
      const results = run();
      return (Array.isArray(results) ? results : [results]).map((t) => {
        return { shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync(), Number) };
      });
    };
    const [expected, got] = [await on('cpu'), await on('cuda')];
    expect(got.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
      expected.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    for (const [k, { values }] of expected.entries()) {
      for (const [i, value] of values.entries()) {
        const own = got[k]!.values[i]!;
        if (!Number.isFinite(value)) expect(own).toEqual(value);
        else expect(Math.abs(own - value)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
      }
    }
  });
});

describe.skipIf(withoutCompiler).each([
  ['float32', 2 ** -22, 0],
  ['tf32', 2 ** -10, 2 ** -16],
  ['bf16', 2 ** -7, 2 ** -13],
] as const)('products in %s (needs g++)', (precision, most, least) => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend({ precision });
  });
  afterAll(() => simulated.dispose());

  it('err within the rounding of their inputs, and no less', async () => {
    const [a, b] = [numbers([40, 60], 1), numbers([60, 30], 2)];
    const [x, w] = [await a.data(), await b.data()];
    const got = await matMul(a, b).data();
    let worst = 0;
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 30; j++) {
        let [exact, size] = [0, 0];
        for (let k = 0; k < 60; k++) {
          exact += x[i * 60 + k]! * w[k * 30 + j]!;
          size += Math.abs(x[i * 60 + k]! * w[k * 30 + j]!);
        }
        worst = Math.max(worst, Math.abs(got[i * 30 + j]! - exact) / size);
      }
    }
    expect(worst).toBeLessThanOrEqual(most);
    expect(worst).toBeGreaterThanOrEqual(least);
  });
});
