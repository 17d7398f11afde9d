import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type NanoNumbers, nanoDifferences, nanoNumbers } from '../../core/test/nano-step.ts';
import { wasm } from '../src/index.ts';

enableProdMode();

describe('glid-nano gives what the cpu backend gives', () => {
  let reference: NanoNumbers;

  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
    reference = await nanoNumbers();
  });

  it.each(['off', 'auto'] as const)('map, loss and every gradient, nativeGemm: %s', async (nativeGemm) => {
    const backend = await wasm({ nativeGemm }).create();
    try {
      expect(await setBackend('wasm')).toBe(true);
      const d = nanoDifferences(await nanoNumbers(), reference);
      expect(d.gradients).toBeGreaterThan(100);
      expect(d.features).toBeLessThan(2e-5);
      expect(d.loss).toBeLessThan(1e-5);
      expect(d.ofAll).toBeLessThan(1e-5);
    } finally {
      await setBackend('cpu');
      await backend.dispose();
    }
  });
});
