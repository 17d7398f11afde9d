import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import { describe, expect, it } from 'vitest';
import { saveWeights } from '../src/weights/index.ts';

const code = `
  import { cacheStorageCache, defaultWeightCache, fromFile, fromUrl, loadWeights, opfsCache } from '../src/weights/index.ts';

  async function attempt(run) {
    try {
      return await run();
    } catch (error) {
      return error.code;
    }
  }
  const requests = [];
  const counting = (url, init) => {
    requests.push(new URL(url).pathname);
    return fetch(url, init);
  };
  const checksum = (file) => file.tensor('w').data.reduce((sum, value) => sum + value, 0);

  async function useCache(cache) {
    requests.length = 0;
    const progress = [];
    const load = (options) => loadWeights(fromUrl('/m/weights.json', { fetch: counting, cache, ...options }), {
      onProgress: (...seen) => progress.push(seen),
    });
    const early = await attempt(() => load({ offline: true }));
    const first = checksum(await load({}));
    const downloads = requests.length;
    const second = checksum(await load({}));
    const offline = checksum(await load({ offline: true }));
    return { early, first, second, offline, downloads, requests: requests.length, last: progress.at(-1) };
  }
  globalThis.answer = {
    place: defaultWeightCache()?.location,
    cacheStorage: await useCache(cacheStorageCache(caches)),
    opfs: await useCache(opfsCache(() => navigator.storage.getDirectory())),
    file: await attempt(() => fromFile('x.safetensors')),
    damaged: await attempt(() => loadWeights(fromUrl('/damaged/weights.json', { cache: false }))),
    stopped: await attempt(() => loadWeights(fromUrl('/m/weights.json'), { signal: AbortSignal.abort() })),
  };
`;

describe.skipIf(!chromiumPath)(`weights in a page (${withoutChromium})`, () => {
  it('come from a URL, stay in Cache Storage or OPFS, and are verified', async () => {
    const parameters = { w: { data: Float32Array.from({ length: 5000 }, (_, i) => i % 7), shape: [5000] } };
    const metadata = { backbone: null, heads: [], provenance: null };
    const saved = await saveWeights(parameters, { metadata, shardBytes: 8192 });
    const sum = parameters.w.data.reduce((a, b) => a + b, 0);
    const files: Record<string, Uint8Array> = {};
    for (const { name, bytes } of saved.files) {
      files[`/m/${name}`] = bytes;
      files[`/damaged/${name}`] = name.includes('part-00002') ? bytes.slice().fill(0, 50, 99) : bytes;
    }
    const { page, problems, close } = await openPage({ code, resolveDirectory: import.meta.dirname, files });
    try {
      await page.waitForFunction('globalThis.answer');
      const parts = saved.manifest.parts.length;
      const want = {
        early: 'GLID_IO',
        first: sum,
        second: sum,
        offline: sum,
        downloads: parts + 1,
        requests: parts + 2,
        last: [saved.manifest.bytes, saved.manifest.bytes],
      };
      expect(await page.evaluate('globalThis.answer')).toEqual({
        place: "Cache Storage 'glid-weights'",
        cacheStorage: want,
        opfs: want,
        file: 'GLID_USAGE',
        damaged: 'GLID_CHECKPOINT',
        stopped: 'GLID_ABORTED',
      });
      // The damaged part stops the downloads beside it, which the browser may report as failed requests.
      expect(problems.filter((problem) => !/^request failed: .*\/damaged\//.test(problem))).toEqual([]);
    } finally {
      await close();
    }
  });
});
