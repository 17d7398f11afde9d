import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxIou, type SceneRecord } from '@glid/base';
import { main as glid } from '@glid/cli';
import { cpu, createModel, saveWeights, useBackend } from '@glid/core';
import { syntheticScenes } from '@glid/data';
import { chromiumPath, withoutChromium } from '@glid/test-utils/browser';
import { enableProdMode } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelSizes } from '../src/config.ts';
import { buildPage, PageUnderTest } from './app.ts';

/** The overlap with the truth from which a taught box counts as right. It must be drawn, so be surer than 50 %. */
const right = 0.6;
const steps = 480;
/** A minute or two is enough where nothing else runs. */
const patience = 900_000;
/** Longest task of the page's own thread, in ms of processor time: other programs on the machine do not count. */
const longestTask = 50;

let folder: string;
let built: Awaited<ReturnType<typeof buildPage>>;
let app: PageUnderTest;
/** The first of the scenes that the page labels by itself, as a picture file. */
let scene: SceneRecord;
let picture: string;

describe.skipIf(!chromiumPath)(`the page on WebAssembly (${withoutChromium})`, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glid-page-test-'));
    const ball = syntheticScenes({
      seed: 20,
      length: 1,
      size: [192, 256],
      labels: ['ball'],
      things: [1, 1],
      people: 0,
    });
    scene = await ball.get(0);
    const { width, height, data } = await scene.image();
    picture = join(folder, 'scene.png');
    await writeFile(
      picture,
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );
    built = await buildPage();
    app = await PageUnderTest.open(built.folder, '/?backend=wasm&size=micro&side=96', {
      switches: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    });
  }, 240_000);

  afterAll(async () => {
    await app?.site.close();
    await built?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('looks at a picture with one head and with all', async () => {
    expect(await app.text('backend-name')).toBe('WebAssembly');
    expect(await app.text('timing')).toMatch(/^\d+ ms for 1 head, one pass of the backbone$/);
    const boxes = await app.picture();
    const more = ['segmentation', 'depth', 'pose'];
    const { longest, observed } = await app.tasks(async () => {
      for (const head of more) await app.looking(() => app.page.check(`#heads [value=${head}]`));
      await app.until('timing', /for 4 heads/);
    });
    console.info(`predicting: longest task ${longest.toFixed(1)} ms; long tasks observed: [${observed}]`);
    expect(longest).toBeLessThan(longestTask);
    expect(await app.picture()).not.toBe(boxes);
    expect(await app.text('found')).toMatch(/from \d.* m away.*of 17 joints/s);
    for (const head of more) {
      await app.looking(() => app.page.uncheck(`#heads [value=${head}]`));
    }
    await app.until('timing', /for 1 head/);
    expect(await app.picture()).toBe(boxes);
  });

  it('shows what a query looks at', async () => {
    const before = await app.picture();
    await app.page.click('#found button');
    await app.until('status', /Shows where query \d+ of Boxes looked in layer 3/);
    const last = await app.picture();
    expect(last).not.toBe(before);
    await app.page.selectOption('#attention-layer', '0');
    await app.click('attention-show');
    await app.until('status', /layer 1/);
    expect(await app.picture()).not.toBe(last);
    await app.click('attention-hide');
    expect(await app.picture()).toBe(before);
  });

  it('takes the webcam', async () => {
    await app.looking(() => app.click('webcam'));
    await app.until('picture-name', /Webcam, 480 × \d+/);
    await app.click('webcam');
    await app.page.waitForSelector('#webcam[aria-pressed=false]');
    expect(await app.text('problem')).toBe('');
  });

  it('says what is wrong with files, and stays as it was', async () => {
    const before = await app.text('facts');
    await app.page.setInputFiles('#picture-file', {
      name: 'notes.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no'),
    });
    expect(await app.until('problem', /./)).toMatch(/notes\.png/);
    const broken = { name: 'broken.safetensors', mimeType: '', buffer: Buffer.alloc(40, 7) };
    await app.page.setInputFiles('#model-file', broken);
    await app.until('problem', /safetensors|header/);
    const head = { key: 'hair', id: 'glid-head-hair', version: '1.2.0', config: {}, labels: [] };
    const { files } = await saveWeights({}, { metadata: { backbone: {}, heads: [head], provenance: {} } });
    await app.drop('hair.safetensors', files[0]!.bytes);
    await app.until('problem', /glid-head-hair\. Run npm install glid-head-hair@\^1\.2\.0, add it to src\/heads\.ts/);
    expect(await app.text('facts')).toBe(before);
    await app.looking(() => readFile(picture).then((bytes) => app.drop('dropped.png', bytes)));
    expect(await app.text('picture-name')).toBe('dropped.png, 256 × 192');
    expect(await app.text('problem')).toBe('');
  });

  it('gives a pre-trained model new heads', async () => {
    enableProdMode();
    await useBackend(cpu());
    using model = await createModel({ backbone: modelSizes.micro!.backbone, pretrain: {}, seed: 3 });
    const metadata = model.describe({ size: [128, 128] });
    const { files } = await saveWeights(model.parameters, { metadata, shardBytes: Number.POSITIVE_INFINITY });
    await app.looking(() => app.drop('pretrained.safetensors', files[0]!.bytes));
    expect(await app.text('facts')).toMatch(/Modelpretrained.*its heads have learnt nothing.*128 px.*Boxes.*Joints/);
    expect(await app.text('untaught-why')).toMatch(/pre-trained/);
  });

  it('lets boxes be drawn by keys alone', async () => {
    await app.page.focus('#tab-look');
    await app.page.keyboard.press('ArrowRight');
    expect(await app.page.getAttribute('#tab-teach', 'aria-selected')).toBe('true');
    await app.page.fill('#class-name', 'thing');
    await app.page.keyboard.press('Enter');
    await app.adding(1, () => app.click('add-shown'));
    await app.page.focus('#annotator');
    for (const key of ['ArrowLeft', 'Enter', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Enter']) {
      await app.page.keyboard.press(key);
    }
    // The cross begins in the middle of 256 x 192 and moves by a fortieth of the longer side.
    expect(await app.text('marks')).toBe('thing, 122 96 134 102 Remove');
    await app.page.click('#marks button');
    expect(await app.text('marks')).toBe('');
    await app.page.click('#lessons .remove');
  });

  it('learns from painted masks, and from synthetic scenes with every head', async () => {
    await app.page.check('#kinds [value=masks]');
    await app.adding(1, () => app.click('add-shown'));
    const { x, y, width, height } = (await app.page.locator('#annotator').boundingBox())!;
    await app.page.mouse.move(x + width / 4, y + height / 2);
    await app.page.mouse.down();
    await app.page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
    await app.page.mouse.up();
    expect(await app.text('lessons')).toMatch(/^painted/);
    await app.page.fill('#steps', '2');
    await app.click('train');
    await app.until('training', /Done after 2 steps/);
    await app.looking(() => app.click('tab-look'));
    expect(await app.text('found')).toMatch(/(background|thing), \d+ %/);

    await app.click('tab-model');
    await app.click('new-model');
    await app.until('facts', /has learnt nothing/);
    await app.click('tab-teach');
    await app.page.check('#kinds [value=scenes]');
    await app.click('train');
    await app.until('training', /Done after 2 steps/);
    expect(await app.text('facts')).toMatch(/taught in this page.*Boxesperson, ball.*Depth32 queriesJoints/);
    expect(await app.text('problem')).toBe('');
  });

  it(
    `learns where the ball is: overlap over ${right} after ${steps} steps`,
    async () => {
      await app.page.reload();
      await app.ready();
      await app.click('tab-teach');
      await app.page.fill('#class-name', 'ball');
      await app.page.keyboard.press('Enter');
      await app.adding(4, () => app.click('add-scene'));
      await app.page.fill('#steps', String(steps));
      await app.page.uncheck('#vary');
      const { longest, observed } = await app.tasks(async () => {
        await app.click('train');
        await app.until('training', /Step ([4-9]|\d\d) of/);
        // Looking goes on while it learns, with the heads that it has now.
        await app.looking(() => app.click('tab-look'));
        expect(await app.text('heads')).toMatch(/^Ask for\s*Boxes what is where$/);
        await app.click('tab-teach');
        await app.click('stop');
        const stopped = Number(/step (\d+)/.exec(await app.until('training', /Stopped at step \d+/))![1]);
        await app.click('continue');
        const going = Number(/Step (\d+) of/.exec(await app.until('training', /Step \d+ of/))![1]);
        expect(going).toBeGreaterThan(stopped);
        await app.until('training', new RegExp(`Done after ${steps} steps`), patience);
      });
      console.info(`training: longest task ${longest.toFixed(1)} ms; long tasks observed: [${observed}]`);
      expect(longest).toBeLessThan(longestTask);
      expect(await app.page.getAttribute('#loss-curve', 'aria-label')).toMatch(/^Loss: loss \d/);
      expect(await app.page.getAttribute('#measure-curve', 'aria-label')).toMatch(/detection AP/);

      await app.click('tab-look');
      await app.openPicture(picture);
      const [box] = await app.boxes();
      const overlap = boxIou([...box!], [...scene.objects![0]!.box])[0]!;
      console.info(`overlap ${overlap.toFixed(3)}, ${await app.text('found')}`);
      expect(overlap).toBeGreaterThan(right);
      expect(await app.text('found')).toMatch(/^ball, \d+ %/);
    },
    patience,
  );

  it('saves what it learnt for the command line and for itself', async () => {
    await app.click('tab-look');
    await app.openPicture(picture);
    const found = await app.text('found');
    const inPage = await app.boxes();
    await app.click('tab-model');
    const [download] = await Promise.all([app.page.waitForEvent('download'), app.click('download')]);
    const file = join(folder, download.suggestedFilename());
    await download.saveAs(file);

    const out = join(folder, 'out');
    let said = '';
    const streams = { stdout: { write: () => true }, stderr: { write: (text: string) => (said += text) } };
    const code = await glid(
      ['predict', '--model', file, picture, '--out', out, '--backend', 'wasm'],
      streams,
      new AbortController().signal,
    );
    expect(code, said).toBe(0);
    const { heads } = JSON.parse(await readFile(join(out, 'scene.json'), 'utf8')) as {
      heads: { detection: { result: { detections: { box: number[]; score: number }[] } } };
    };
    const { detections } = heads.detection.result;
    for (const [i, box] of inPage.entries()) {
      for (const [k, edge] of box.entries()) expect(Math.abs(edge - detections[i]!.box[k]!)).toBeLessThan(0.05);
    }

    await copyFile(file, join(built.folder, 'taught.safetensors'));
    await app.page.goto(`${app.site.origin}/?backend=wasm&model=taught.safetensors`);
    await app.ready();
    expect(await app.text('facts')).toMatch(/Modeltaught\.safetensors.*from a checkpoint.*Boxes.*ball/);
    await app.openPicture(picture);
    expect(await app.text('found')).toBe(found);
  });

  it('works without a network once it was loaded', async () => {
    await app.until('offline', /without a network/);
    expect(app.site.problems).toEqual([]);
    await app.site.closeServer();
    await app.page.reload();
    await app.ready();
    expect(await app.text('facts')).toMatch(/Modeltaught\.safetensors/);
    await app.openPicture(picture);
    expect(await app.text('timing')).toMatch(/ms for 1 head/);
    expect(await app.text('problem')).toBe('');
    // The checkpoint is asked for anew first; nothing else is missed.
    const missed = app.site.problems.filter((problem) => !/Failed to load resource/.test(problem));
    for (const problem of missed) expect(problem).toMatch(/^request failed: .*taught\.safetensors$/);
  });
});
