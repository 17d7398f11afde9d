import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import { describe, expect, it } from 'vitest';

const stockModule = createRequire(import.meta.url).resolve(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
);

interface Answer {
  readonly description: string;
  readonly rejected: readonly unknown[];
  readonly passed: number;
  readonly failed: readonly string[];
  readonly corrected: number;
}

describe.skipIf(!chromiumPath)(`the wasm backend in a page (${withoutChromium})`, () => {
  it('loads its modules and passes the whole suite', async () => {
    const code = `
      import '@glid/ops/gradients';
      import { wasm } from '@glid/backend-wasm';
      import { enableProdMode, tidy } from '@tensorflow/tfjs-core';
      import { useBackend } from '../../core/src/backend/use-backend.ts';
      import { checkCase, opCases } from '../../ops/test/suite/index.ts';
      import { corrections } from './corrections.ts';
      enableProdMode();
      const { backend, rejected } = await useBackend([wasm({ wasmPaths: '/modules/' })]);
      const failed: string[] = [];
      let passed = 0;
      for (const c of opCases) {
        try {
          await checkCase(c);
          passed++;
        } catch (error) {
          failed.push(String(error));
        }
      }
      let corrected = 0;
      for (const c of corrections) {
        const got = tidy(() => c.run().dataSync().slice());
        const right = Array.from(c.expected()).every((v, i) => Math.abs(v - got[i]!) <= c.tolerance);
        if (right) corrected++;
        else failed.push(c.name);
      }
      (globalThis as Record<string, unknown>).answer = {
        description: backend.description, rejected, passed, failed, corrected,
      };`;
    const { page, problems, close } = await openPage({
      code,
      resolveDirectory: import.meta.dirname,
      files: { '/modules/tfjs-backend-wasm-simd.wasm': readFileSync(stockModule) },
    });
    try {
      await page.waitForFunction('globalThis.answer', undefined, { timeout: 230_000 });
      const answer = (await page.evaluate('globalThis.answer')) as Answer;
      expect(answer.failed).toEqual([]);
      expect(answer.rejected).toEqual([]);
      expect(answer.passed).toBeGreaterThan(100);
      expect(answer.corrected).toBeGreaterThan(15);
      expect(answer.description).toMatch(/matrix products in WebAssembly \(not in Node\)/);
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});
