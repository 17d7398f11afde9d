import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import {
  dispose,
  enableProdMode,
  setBackend,
  type Tensor3D,
  type Tensor4D,
  tensor,
  tensor2d,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  applyLinear,
  applyMlp,
  initializeParameters,
  initialValues,
  linearSpecs,
  matchLabelRows,
  mlpSpecs,
  queryPixelProduct,
} from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const stats = (x: Float32Array): { mean: number; std: number; max: number } => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const std = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length);
  return { mean, std, max: x.reduce((a, b) => Math.max(a, Math.abs(b)), 0) };
};

describe('linearSpecs and applyLinear', () => {
  it('declares a kernel and a bias', () => {
    expect(
      linearSpecs('class', 8, 3, { labelAxis: 'output', bias: { kind: 'priorProbability', value: 0.01 } }),
    ).toEqual({
      'class.kernel': { shape: [8, 3], init: { kind: 'xavierUniform' }, labelAxis: 1 },
      'class.bias': { shape: [3], init: { kind: 'priorProbability', value: 0.01 }, decay: false, labelAxis: 0 },
    });
    const bare = linearSpecs('mask', 8, 8, { bias: false, lrMultiplier: 0.1 });
    expect(bare).toEqual({ 'mask.kernel': { shape: [8, 8], init: { kind: 'xavierUniform' }, lrMultiplier: 0.1 } });
    // @ts-expect-error there is no bias to name
    expect(bare['mask.bias']).toBeUndefined();
  });

  it('computes x kernel + bias over the last axis', async () => {
    const parameters = { 'a.kernel': tensor2d([1, 2, 3, 4], [2, 2]), 'a.bias': tensor([10, 20]) };
    const y = applyLinear(parameters, 'a', tensor([1, 1, 2, -1], [1, 2, 2]));
    expect(y.shape).toEqual([1, 2, 2]);
    expect([...(await y.data())]).toEqual([14, 26, 9, 20]);
  });

  it('names a parameter that was not declared', () => {
    expect(() => applyLinear({ 'a.kernel': tensor2d([[1]]) }, 'b', tensor2d([[1]]))).toThrow(
      /linearSpecs\('b', …\); declared are: a\.kernel/,
    );
  });
});

describe('mlpSpecs and applyMlp', () => {
  it('puts ReLU between the layers and options on the last', async () => {
    const specs = mlpSpecs('box', 2, 1, {
      layers: 2,
      hidden: 2,
      bias: { kind: 'constant', value: 5 },
      labelAxis: 'output',
    });
    expect(Object.keys(specs)).toEqual(['box.0.kernel', 'box.0.bias', 'box.1.kernel', 'box.1.bias']);
    expect(specs['box.0.kernel']?.labelAxis).toBeUndefined();
    expect(specs['box.1.kernel']?.labelAxis).toBe(1);
    const parameters = {
      'box.0.kernel': tensor2d([1, -1, 0, 0], [2, 2]),
      'box.0.bias': tensor([0, 0]),
      'box.1.kernel': tensor2d([1, 10], [2, 1]),
      'box.1.bias': tensor([5]),
    };
    expect([...(await applyMlp(parameters, 'box', tensor2d([3, 0, -3, 0], [2, 2])).data())]).toEqual([8, 35]);
  });
});

describe('initializeParameters', () => {
  const shape = [40, 50];
  it.each([
    ['zeros', { kind: 'zeros' }, 0, 0, 0],
    ['constant', { kind: 'constant', value: 3 }, 3, 0, 3],
    ['priorProbability', { kind: 'priorProbability', value: 0.01 }, -Math.log(99), 0, Math.log(99)],
    // variance of a normal cut at two deviations: 1 - 2 * 2 phi(2) / (2 Phi(2) - 1) = 0.77375
    ['truncatedNormal', { kind: 'truncatedNormal', std: 0.02 }, 0, 0.02 * Math.sqrt(0.7737413), 0.04],
    ['xavierUniform', { kind: 'xavierUniform' }, 0, Math.sqrt(6 / 90 / 3), Math.sqrt(6 / 90)],
  ] as const)('%s has the mean, deviation and bound of its formula', (_, init, mean, std, bound) => {
    const s = stats(initialValues({ shape, init }, new Random(1)));
    expect(s.mean).toBeCloseTo(mean, 2);
    expect(Math.abs(s.std - std)).toBeLessThanOrEqual(0.04 * std + 1e-6);
    expect(s.max).toBeLessThanOrEqual(bound * (1 + 1e-6));
  });

  it('heNormal: deviation sqrt(2 / (kh * kw * outputs))', () => {
    const s = stats(initialValues({ shape: [3, 3, 16, 32], init: { kind: 'heNormal' } }, new Random(1)));
    expect(s.std).toBeCloseTo(Math.sqrt(2 / (9 * 32)), 2);
  });

  it('values are taken as they are, and counted', () => {
    expect([...initialValues({ shape: [2], init: { kind: 'values', values: [1, 2] } }, new Random(1))]).toEqual([1, 2]);
    expect(() => initialValues({ shape: [3], init: { kind: 'values', values: [1, 2] } }, new Random(1))).toThrow(
      /\[3\]/,
    );
    expect(() => initialValues({ shape: [1], init: { kind: 'priorProbability', value: 1 } }, new Random(1))).toThrow(
      /probability/,
    );
  });

  it('gives each parameter its own stream, whatever else is declared', async () => {
    const a = initializeParameters(linearSpecs('a', 4, 4), new Random(7));
    const both = initializeParameters({ ...linearSpecs('b', 4, 4), ...linearSpecs('a', 4, 4) }, new Random(7));
    expect(await a['a.kernel'].data()).toEqual(await both['a.kernel'].data());
    expect(await both['a.kernel'].data()).not.toEqual(await both['b.kernel'].data());
    dispose([a, both]);
  });
});

describe('matchLabelRows', () => {
  it('keeps the rows of shared names, in the new order, and what follows the labels', () => {
    const match = matchLabelRows(
      { values: [1, 2, 3, 10, 20, 30], shape: [2, 3], labels: ['cat', 'dog'] },
      { values: [0, 0, 0, 0, 0, 0, 0, 0], shape: [2, 4], labels: ['cow', 'dog', 'cat'] },
      1,
    );
    expect([...match.values]).toEqual([0, 2, 1, 3, 0, 20, 10, 30]);
    expect(match).toMatchObject({ kept: ['dog', 'cat'], added: ['cow'], dropped: [] });
  });

  it('comes back to itself over any permutation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer(), (n, seed) => {
        const labels = Array.from({ length: n }, (_, k) => `l${k}`);
        const shuffled = [...new Random(seed).permutation(n)].map((k) => labels[k]!);
        const values = Float32Array.from({ length: 3 * (n + 1) }, (_, i) => i);
        const zeros = new Float32Array(values.length);
        const there = matchLabelRows(
          { values, shape: [n + 1, 3], labels },
          { values: zeros, shape: [n + 1, 3], labels: shuffled },
          0,
        );
        const back = matchLabelRows(
          { values: there.values, shape: [n + 1, 3], labels: shuffled },
          { values: zeros, shape: [n + 1, 3], labels },
          0,
        );
        expect(back.values).toEqual(values);
      }),
    );
  });

  it('refuses shapes that differ elsewhere', () => {
    const old = { values: [1, 2], shape: [2, 1], labels: ['a'] };
    expect(() => matchLabelRows(old, { values: [0, 0, 0], shape: [3, 1], labels: ['a'] }, 1)).toThrow(
      /\[2, 1\] for 1 labels/,
    );
  });
});

describe('queryPixelProduct', () => {
  it('is the dot product of queries and cells', async () => {
    const q = tensor([1, 2, 0, 1], [1, 2, 2]) as Tensor3D;
    const p = tensor([1, 0, 0, 1, 3, 4], [1, 1, 3, 2]) as Tensor4D;
    const y = queryPixelProduct(q, p);
    expect(y.shape).toEqual([1, 2, 1, 3]);
    expect([...(await y.data())]).toEqual([1, 2, 11, 0, 1, 4]);
  });
});
