import { readFile } from 'node:fs/promises';
import { chromiumPath, withoutChromium } from '@glid/test-utils/browser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage, PageUnderTest } from './app.ts';

/** A minute or so is enough where nothing else runs; shaders are compiled on the CPU here. */
const patience = 600_000;

let built: Awaited<ReturnType<typeof buildPage>>;

// The software adapter of Chromium is a hundred times as slow as a GPU: this shows that it works, not how fast.
describe.skipIf(!chromiumPath)(`the page on WebGPU (${withoutChromium})`, () => {
  beforeAll(async () => {
    built = await buildPage();
  }, 120_000);
  afterAll(() => built?.remove());

  it('says why it does not take a software adapter by itself', async () => {
    const app = await PageUnderTest.open(built.folder, '/?size=micro&side=96', { webgpu: true });
    try {
      expect(await app.text('backend-name')).toBe('WebAssembly, not WebGPU');
      expect(await app.text('backend-rejected')).toMatch(/WebGPU: only a software adapter/);
      expect(app.site.problems).toEqual([]);
    } finally {
      await app.site.close();
    }
  });

  it(
    'looks, learns, and opens what it saved',
    async () => {
      const path = '/?backend=webgpu&size=micro&side=96';
      const app = await PageUnderTest.open(built.folder, path, { webgpu: true });
      try {
        expect(await app.text('backend-name')).toBe('WebGPU');
        const boxes = await app.picture();
        await app.looking(() => app.page.check('#heads [value=depth]'));
        await app.until('timing', /for 2 heads/);
        expect(await app.picture()).not.toBe(boxes);

        await app.click('tab-teach');
        await app.adding(4, () => app.click('add-scene'));
        for (let i = 0; i < 3; i++) await app.page.click('#lessons .remove');
        await app.page.fill('#steps', '2');
        await app.click('train');
        await app.until('training', /Done after 2 steps/, patience);
        const [, loss] = /loss (\d+\.\d+)/.exec((await app.page.getAttribute('#loss-curve', 'aria-label'))!)!;
        expect(Number(loss)).toBeGreaterThan(0);

        await app.click('tab-model');
        const [download] = await Promise.all([app.page.waitForEvent('download'), app.click('download')]);
        const buffer = await readFile((await download.path())!);
        await app.page.reload();
        await app.ready();
        await app.page.setInputFiles('#model-file', { name: 'taught.safetensors', mimeType: '', buffer });
        await app.page.waitForFunction("document.getElementById('facts').textContent.includes('taught.safetensors')");
        expect(await app.text('facts')).toMatch(/Boxesball$/);
        await app.until('found', /ball, \d+ %/);
        expect(await app.text('problem')).toBe('');
        expect(app.site.problems).toEqual([]);
      } finally {
        await app.site.close();
      }
    },
    2 * patience,
  );
});
