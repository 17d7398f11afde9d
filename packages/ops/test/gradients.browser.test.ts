import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import { describe, expect, it } from 'vitest';

describe.skipIf(!chromiumPath)(`gradients in a page (${withoutChromium})`, () => {
  it('are registered by the deep import that a bundler resolves', async () => {
    const code = `
      import '@glid/ops/gradients';
      import '@tensorflow/tfjs-backend-cpu';
      import { grad, matMul, setBackend, sum, tensor2d } from '@tensorflow/tfjs-core';
      await setBackend('cpu');
      const w = tensor2d([1, 0, 2, 1], [2, 2]);
      const dx = grad((x) => sum(matMul(x as typeof w, w)))(tensor2d([1, 2, 3, 4], [2, 2]));
      (globalThis as Record<string, unknown>).answer = Array.from(await dx.data());`;
    const { page, problems, close } = await openPage({ code, resolveDirectory: import.meta.dirname });
    try {
      await page.waitForFunction('globalThis.answer');
      expect(await page.evaluate('globalThis.answer')).toEqual([1, 3, 1, 3]);
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});
