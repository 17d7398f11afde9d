import { adamwStep } from '@glid/ops';
import { clone, enableProdMode, memory, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

/** Sizes around the pieces that one block works on, and none. */
const sizes = [1, 0, 4095, 4096, 4097, 0, 10_000, 3, 0];
const lists = (first: number): Tensor[] =>
  sizes.map((size, k) => tensor(Float32Array.from({ length: size }, (_, i) => Math.abs(Math.sin(first + k + i)))));
const options = { learningRates: sizes.map((_, k) => 0.01 * k), weightDecays: sizes.map(() => 0.1), step: 2 };
const values = (tensors: readonly Tensor[]): number[][] => tensors.map((t) => Array.from(t.dataSync()));

describe.skipIf(withoutCompiler)('AdamW (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend();
  });
  afterAll(() => simulated.dispose());

  const given = () => ({ parameters: lists(1), gradients: lists(2), m: lists(3), v: lists(4) });
  const expected = () =>
    tidy(() => {
      const { parameters, m, v } = adamwStep(given(), options);
      return [parameters, m, v].map(values);
    });

  it('writes consumed moments where they lie, and makes the same numbers', () => {
    const inputs = given();
    const before = memory().numTensors;
    const { parameters, m, v } = adamwStep(inputs, { ...options, consumeMoments: true });
    expect(memory().numTensors - before).toBe(sizes.length);
    for (const [k, t] of inputs.m.entries()) expect(m[k]).toBe(t);
    for (const [k, t] of inputs.v.entries()) expect(v[k]).toBe(t);
    expect([parameters, m, v].map(values)).toEqual(expected());
  });

  it('leaves consumed moments alone that another tensor shares, or that are being read', async () => {
    for (const kind of ['clone', 'read'] as const) {
      const inputs = given();
      const old = values([inputs.m[3]!])[0];
      adamwStep(inputs, options);
      const shared = kind === 'clone' ? clone(inputs.m[3]!) : inputs.m[3]!;
      simulated.simulator.set('PENDING', 3);
      const reading = shared.data();
      const { parameters, m, v } = adamwStep(inputs, { ...options, consumeMoments: true });
      expect(Array.from(await reading)).toEqual(old);
      simulated.simulator.set('PENDING', 0);
      expect(inputs.m.every((t) => t.isDisposed)).toBe(true);
      expect([parameters, m, v].map(values)).toEqual(expected());
    }
  });
});
