import '@glid/ops/gradients';
import { wasm } from '@glid/backend-wasm';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeNumbers, type Numbers } from '../gpu/app/reference.ts';
import { detectionModel } from '../gpu/app/workload.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((total, v) => total + v * v, 0));

describe.skipIf(withoutCompiler)('a training step of glid-nano on the simulator (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    await wasm({ nativeGemm: 'off' }).create();
    simulated = await simulatedBackend();
  });
  afterAll(() => simulated.dispose());

  it('has the outputs, the loss and all gradients of wasm, to 1e-5', { timeout: 300_000 }, async () => {
    const on = async (backend: string): Promise<Numbers> => {
      expect(await setBackend(backend)).toBe(true);
      const model = await detectionModel('nano', 64, 20);
      const numbers = await computeNumbers(model, { side: 64, batch: 1 }, Number.POSITIVE_INFINITY);
      model.dispose();
      disposeConstants();
      return numbers;
    };
    const [wanted, got] = [await on('wasm'), await on('cuda')];
    const names = Object.keys(wanted);
    const gradients = names.filter((name) => name.startsWith('gradient'));
    expect(gradients.length).toBeGreaterThan(400);
    // Some vanish: a softmax ignores biases of keys, and among equal queries, as they start, it is even whatever the weights.
    // What is left of them is the rounding of the others.
    const nothing = 2 ** -23 * Math.hypot(...gradients.map((name) => norm(wanted[name]!)));
    const vanishing = gradients.filter((name) => norm(wanted[name]!) < nothing);
    expect(vanishing.length).toBeLessThan(gradients.length / 8);
    for (const name of vanishing) expect(norm(got[name]!), name).toBeLessThan(nothing);
    for (const name of names.filter((other) => !vanishing.includes(other))) {
      const distance = norm(wanted[name]!.map((value, i) => value - got[name]![i]!));
      expect(distance / norm(wanted[name]!), name).toBeLessThanOrEqual(1e-5);
    }
  });
});
