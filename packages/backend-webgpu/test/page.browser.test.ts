import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import { describe, expect, it } from 'vitest';
import type { NanoDifferences } from '../../core/test/nano-step.ts';

interface Answer {
  readonly description: string;
  readonly rejected: readonly unknown[];
  readonly passed: number;
  readonly failed: readonly string[];
  readonly corrected: number;
  readonly seconds: number;
}

// A page compiles and runs on SwiftShader here, a tenth as fast as Node: the first case of
// every operation, up to a few thousand numbers. All cases run in Node (parity.test.ts).
describe.skipIf(!chromiumPath)(`the WebGPU backend in a page (${withoutChromium})`, () => {
  it('loads, is chosen, and computes every operation and correction', async () => {
    const code = `
      import '@glid/ops/gradients';
      import { webgpu } from '@glid/backend-webgpu';
      import { enableProdMode, env, tidy } from '@tensorflow/tfjs-core';
      import { useBackend } from '../../core/src/backend/use-backend.ts';
      import { checkCase, opCases } from '../../ops/test/suite/index.ts';
      import { corrections } from './corrections.ts';
      enableProdMode();
      const start = performance.now();
      const { backend, rejected } = await useBackend([webgpu({ allowSoftware: true })]);
      env().set('WEBGPU_CPU_FORWARD', false);
      const failed: string[] = [];
      let passed = 0;
      const seen = new Set<string>();
      for (const c of opCases) {
        const elements = Object.values(c.inputs).reduce((total, { values }) => total + values.length, 0);
        if (seen.has(c.op) || elements === 0 || elements > 3000) continue;
        seen.add(c.op);
        try {
          await checkCase(c);
          passed++;
        } catch (error) {
          failed.push(String(error));
        }
      }
      let corrected = 0;
      for (const c of corrections) {
        const got = await tidy(() => c.run()).data();
        const right = Array.from(c.expected()).every((v, i) => Math.abs(v - got[i]!) <= c.tolerance);
        if (right) corrected++;
        else failed.push(c.name);
      }
      (globalThis as Record<string, unknown>).answer = {
        description: backend.description, rejected, passed, failed, corrected, seconds: (performance.now() - start) / 1000,
      };`;
    const { page, problems, close } = await openPage({ code, resolveDirectory: import.meta.dirname, webgpu: true });
    try {
      await page.waitForFunction('globalThis.answer', undefined, { timeout: 0 }); // the test's own limit holds
      const answer = (await page.evaluate('globalThis.answer')) as Answer;
      expect(answer.failed).toEqual([]);
      expect(answer.rejected).toEqual([]);
      expect(answer.passed).toBeGreaterThan(30);
      expect(answer.corrected).toBe(7);
      expect(answer.description).toMatch(/^WebGPU on /);
      expect(problems).toEqual([]);
      console.info(`${answer.passed} operations on ${answer.description}: ${answer.seconds.toFixed(0)} s`);
    } finally {
      await close();
    }
  });

  it('gives the numbers of glid-nano, whole: map, loss and every gradient of a step', async () => {
    const code = `
      import '@glid/ops/gradients';
      import { webgpu } from '@glid/backend-webgpu';
      import { enableProdMode, env } from '@tensorflow/tfjs-core';
      import { cpu, useBackend } from '../../core/src/backend/index.ts';
      import { nanoDifferences, nanoNumbers } from '../../core/test/nano-step.ts';
      enableProdMode();
      await useBackend(cpu());
      const reference = await nanoNumbers();
      const start = performance.now();
      await useBackend(webgpu({ allowSoftware: true }));
      env().set('WEBGPU_CPU_FORWARD', false);
      const differences = nanoDifferences(await nanoNumbers(), reference);
      (globalThis as Record<string, unknown>).answer = { ...differences, seconds: (performance.now() - start) / 1000 };`;
    const { page, problems, close } = await openPage({ code, resolveDirectory: import.meta.dirname, webgpu: true });
    try {
      await page.waitForFunction('globalThis.answer', undefined, { timeout: 0 }); // the test's own limit holds
      const answer = (await page.evaluate('globalThis.answer')) as NanoDifferences & { readonly seconds: number };
      expect(answer.gradients).toBeGreaterThan(100);
      expect(answer.features).toBeLessThan(2e-5);
      expect(answer.loss).toBeLessThan(1e-5);
      expect(answer.ofAll).toBeLessThan(1e-5);
      expect(problems).toEqual([]);
      console.info(`glid-nano: ${JSON.stringify(answer)}`);
    } finally {
      await close();
    }
  });
});
