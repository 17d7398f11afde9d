import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wasm } from '@glid/backend-wasm';
import type { RgbImage } from '@glid/base';
import { createModel, headOf, saveWeights, useBackend } from '@glid/core';
import { syntheticScenes } from '@glid/data';
import { chromiumPath, withoutChromium } from '@glid/test-utils/browser';
import { enableProdMode } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crowdCounting } from '../../third-party-heads/crowd-counting/src/index.ts';
import { imageClassification } from '../../third-party-heads/image-classification/src/index.ts';
import { modelSizes } from '../src/config.ts';
import { buildPage, PageUnderTest } from './app.ts';

const labels = ['ball', 'crate', 'star', 'ring'];

let folder: string;
let built: Awaited<ReturnType<typeof buildPage>>;
let app: PageUnderTest;
let image: RgbImage;

describe.skipIf(!chromiumPath)(`heads of third parties in the page (${withoutChromium})`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glid-third-party-page-'));
    image = await (await syntheticScenes({ seed: 4, length: 1, size: 96, labels }).get(0)).image();
    const { width, height, data } = image;
    await sharp(data, { raw: { width, height, channels: 3 } }).toFile(join(folder, 'scene.png'));
    built = await buildPage();
    app = await PageUnderTest.open(built.folder, '/?backend=wasm&size=micro&side=96');
  }, 240_000);

  afterAll(async () => {
    await app?.site.close();
    await built?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('a new model has them', async () => {
    const before = await app.picture();
    await app.looking(() => app.page.check('#heads [value=crowd-counting]'));
    expect(await app.text('found')).toMatch(/\d+\.\d in all/);
    expect(await app.picture()).not.toBe(before);
  });

  it('a checkpoint with them is opened, and the page answers as Node does', async () => {
    enableProdMode();
    await useBackend(wasm());
    using model = await createModel({
      backbone: modelSizes.micro!.backbone,
      heads: {
        'image-classification': headOf(imageClassification, { labels }),
        'crowd-counting': headOf(crowdCounting, { labels }),
      },
      resize: { longest: 96 },
      seed: 5,
    });
    const metadata = model.describe({ size: [96, 96] });
    const { files } = await saveWeights(model.parameters, { metadata, shardBytes: Number.POSITIVE_INFINITY });
    const results = await model.predict(image);
    const { ranking } = results['image-classification'];
    const { count, counts } = results['crowd-counting'];

    await app.looking(() => app.drop('strange.safetensors', files[0]!.bytes));
    expect(await app.text('facts')).toMatch(
      /from a checkpoint.*Kindball, crate, star, ring.*Countball, crate, star, ring/,
    );
    await app.openPicture(join(folder, 'scene.png'));
    await app.looking(() => app.page.check('#heads [value=image-classification]'));
    expect(await app.text('timing')).toMatch(/for 2 heads/); // the count was asked for before
    const lines = await app.page.locator('#found li').allTextContents();
    expect(lines).toEqual([
      ...ranking.slice(0, 3).map(({ label, score }) => `${label}, ${Math.round(100 * score)} %`),
      `${count.toFixed(1)} in all`,
      ...counts.map((one) => `${one.count.toFixed(1)} × ${one.label}`),
    ]);
  });

  it('shows what their queries look at', async () => {
    await app.page.click('#found li:first-child button');
    await app.until('status', /Shows where query 1 of Kind looked/);
    await app.page.click('#found li:last-child button');
    await app.until('status', /Shows where query ring of Count looked/);
    expect(await app.text('problem')).toBe('');
    expect(app.site.problems).toEqual([]);
  });
});
