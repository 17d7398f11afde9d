import '@glid/ops/gradients';
import { maxDifference } from '@glid/test-utils';
import { enableProdMode, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { findGpu } from '../src/find-gpu.ts';
import { corrections } from './corrections.ts';
import { useStockBackend } from './stock-backend.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);

// The evidence for every correction. An entry that starts to pass here is one that TensorFlow.js has repaired: drop ours.
describe.skipIf(!adapter)('the stock backend (needs a Vulkan driver, software will do)', () => {
  beforeAll(async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    await useStockBackend();
  });

  it.each(corrections.map((c) => [c.name, c] as const))('is wrong: %s', async (_, c) => {
    let right = false;
    try {
      const got = (await tidy(() => c.run()).data()) as Float32Array;
      right = got.length === c.expected().length && maxDifference(got, c.expected()).worst <= c.tolerance;
    } catch {
      right = false;
    }
    expect(right).toBe(false);
  });
});
