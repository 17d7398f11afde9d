import '@tensorflow/tfjs-backend-cpu';
import { clipFactor, globalNorm } from '@glid/ops';
import { expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import { dispose, enableProdMode, memory, setBackend, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AdamWUpdate, adamw } from './adamw.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

const title = hasShared ? 'adamw over records' : `adamw over records (${withoutShared})`;
describe.skipIf(!hasShared)(title, () => {
  it.each([
    ['adamw', undefined],
    ['adamw.clip', 1],
  ] as const)('%s equals the reference over six steps with two groups', async (name, clip) => {
    const fixture = loadFixture('blocks', 'optimisers');
    const load = (key: string): Tensor =>
      tensor(fixture.tensor(key).data as Float32Array, [...fixture.tensor(key).shape]);
    const optimizer = adamw(
      new Map([
        ['p0', { weightDecay: 0.05, learningRateScale: 3 }],
        ['p1', { weightDecay: 0, learningRateScale: 1 }],
        ['p2', { weightDecay: 0, learningRateScale: 1 }],
      ]),
    );
    const parameters = { p0: load('p0'), p1: load('p1'), p2: load('p2'), frozen: tensor([1]) };
    let now: AdamWUpdate = { parameters, state: optimizer.init(parameters) };
    const before = memory().numTensors;
    for (let step = 1; step <= 6; step++) {
      const gradients = ['g0', 'g1', 'g2'].map((g) => load(`${g}.step${step - 1}`));
      const gradientScale = clip ? tidy(() => clipFactor(globalNorm(gradients), clip)) : undefined;
      const next = optimizer.update(now, gradients, {
        step,
        learningRate: 1e-3,
        ...(gradientScale ? { gradientScale } : {}),
      });
      const { frozen: _, ...replaced } = now.parameters;
      dispose([...Object.values(replaced), ...gradients]);
      gradientScale?.dispose();
      now = next;
      if (step !== 1 && step !== 6) continue;
      for (const p of ['p0', 'p1', 'p2'])
        expectFixture(await now.parameters[p]!.data(), fixture.tensor(`${name}.${p}.after${step}`));
    }
    expect(memory().numTensors).toBe(before);
  });
});
