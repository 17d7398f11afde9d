import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import { describe, expect, it } from 'vitest';
import type { NanoDifferences } from '../../core/test/nano-step.ts';

const stockModule = createRequire(import.meta.url).resolve(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
);

interface Answer {
  readonly description: string;
  readonly rejected: readonly unknown[];
  readonly passed: number;
  readonly failed: readonly string[];
  readonly corrected: number;
  readonly nano: NanoDifferences;
}

describe.skipIf(!chromiumPath)(`the wasm backend in a page (${withoutChromium})`, () => {
  it('loads its modules, passes the whole suite and gives the numbers of glid-nano', async () => {
    const code = `
      import '@glid/ops/gradients';
      import { wasm } from '@glid/backend-wasm';
      import { enableProdMode, tidy } from '@tensorflow/tfjs-core';
      import { cpu, useBackend } from '../../core/src/backend/index.ts';
      import { nanoDifferences, nanoNumbers } from '../../core/test/nano-step.ts';
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
      const onWasm = await nanoNumbers();
      await useBackend(cpu());
      const nano = nanoDifferences(onWasm, await nanoNumbers());
      (globalThis as Record<string, unknown>).answer = {
        description: backend.description, rejected, passed, failed, corrected, nano,
      };`;
    const { page, problems, close } = await openPage({
      code,
      resolveDirectory: import.meta.dirname,
      files: { '/modules/tfjs-backend-wasm-simd.wasm': readFileSync(stockModule) },
    });
    try {
      await page.waitForFunction('globalThis.answer', undefined, { timeout: 0 }); // the test's own limit holds
      const answer = (await page.evaluate('globalThis.answer')) as Answer;
      expect(answer.failed).toEqual([]);
      expect(answer.rejected).toEqual([]);
      expect(answer.passed).toBeGreaterThan(100);
      expect(answer.corrected).toBeGreaterThan(15);
      expect(answer.nano.gradients).toBeGreaterThan(100);
      expect(answer.nano.features).toBeLessThan(2e-5);
      expect(answer.nano.loss).toBeLessThan(1e-5);
      expect(answer.nano.ofAll).toBeLessThan(1e-5);
      expect(answer.description).toMatch(/with relaxed SIMD kernels, matrix products in WebAssembly \(not in Node\)/);
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});
