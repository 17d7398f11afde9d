import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeNumbers, type Numbers } from '../gpu/app/reference.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((total, v) => total + v * v, 0));
const distance = (a: Float32Array, b: Float32Array): number =>
  norm(a.map((value, i) => value - b[i]!)) / Math.max(norm(a), 1e-30);

describe.skipIf(withoutCompiler)('a training step of glid-nano on the simulator (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    await wasm({ nativeGemm: 'off' }).create();
    simulated = await simulatedBackend();
  });
  afterAll(() => simulated.dispose());

  it('has the outputs, the loss and all gradients of wasm, to 1e-5', async () => {
    const on = async (backend: string): Promise<Numbers> => {
      expect(await setBackend(backend)).toBe(true);
      const numbers = await computeNumbers({ parity: { model: 'nano', side: 64, batch: 1 } }, Number.POSITIVE_INFINITY);
      disposeConstants();
      return numbers;
    };
    const [cpu, wanted, got] = [await on('cpu'), await on('wasm'), await on('cuda')];
    const names = Object.keys(wanted);
    expect(names.filter((name) => name.startsWith('gradient')).length).toBeGreaterThan(150);
    const gradients = names.filter((name) => name.startsWith('gradient'));
    // Biases of keys do not reach the loss: a softmax ignores them.
    const zero = 1e-8 * Math.hypot(...gradients.map((name) => norm(wanted[name]!)));
    for (const name of names) {
      if (norm(wanted[name]!) < zero) {
        expect(norm(got[name]!), name).toBeLessThan(zero);
        continue;
      }
      // Sums that nearly cancel have fewer digits: there two other backends differ as much.
      const allowed = Math.max(1e-5, 4 * distance(wanted[name]!, cpu[name]!));
      expect(distance(wanted[name]!, got[name]!), name).toBeLessThanOrEqual(allowed);
    }
    const uncertain = gradients.filter((name) => distance(wanted[name]!, cpu[name]!) > 2.5e-6);
    expect(uncertain.length).toBeLessThan(gradients.length / 8);
  }, 300_000);
});
