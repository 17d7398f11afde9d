import '@glid/ops/gradients';
import { maxDifference } from '@glid/test-utils';
import { enableProdMode, setBackend, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { corrections } from './corrections.ts';

enableProdMode();

beforeAll(async () => {
  await import('@tensorflow/tfjs-backend-wasm');
  expect(await setBackend('wasm')).toBe(true);
});

// The evidence for every correction. An entry that starts to pass here is one that TensorFlow.js has repaired: drop ours.
it.each(corrections.map((c) => [c.name, c] as const))('stock is wrong: %s', (_, c) => {
  let right = false;
  try {
    const got = tidy(() => c.run().dataSync().slice()) as Float32Array;
    right = got.length === c.expected().length && maxDifference(got, c.expected()).worst <= c.tolerance;
  } catch {
    right = false;
  }
  expect(right).toBe(false);
});
