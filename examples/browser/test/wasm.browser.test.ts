import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxIou, type SceneRecord } from '@glid/base';
import { main as glid } from '@glid/cli';
import { syntheticScenes } from '@glid/data';
import { chromiumPath, withoutChromium } from '@glid/test-utils/browser';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage, PageUnderTest } from './app.ts';

/** The overlap with the truth from which a taught box counts as right. */
const right = 0.6;
const steps = 120;
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
    expect(await app.until('problem', /[Cc]heckpoint|header|safetensors/)).toBeTruthy();
    expect(await app.text('facts')).toBe(before);
  });

  it('lets boxes be drawn by keys alone', async () => {
    await app.page.focus('#tab-look');
    await app.page.keyboard.press('ArrowRight');
    expect(await app.page.getAttribute('#tab-teach', 'aria-selected')).toBe('true');
    await app.page.fill('#class-name', 'thing');
    await app.page.keyboard.press('Enter');
    await app.click('add-shown');
    await app.page.focus('#annotator');
    for (const key of ['ArrowLeft', 'Enter', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'Enter']) {
      await app.page.keyboard.press(key);
    }
    const cell = Math.round(480 / 40);
    const y = 180;
    expect(await app.text('marks')).toBe(`thing, ${240 - cell} ${y} ${240 + cell} ${y + cell} Remove`);
    await app.page.click('#marks button');
    expect(await app.text('marks')).toBe('');
    await app.page.click('#lessons .remove');
  });

  it(`learns where the ball is: overlap over ${right} after ${steps} steps`, async () => {
    await app.page.reload();
    await app.ready();
    await app.click('tab-teach');
    await app.page.fill('#class-name', 'ball');
    await app.page.keyboard.press('Enter');
    await app.click('add-scene');
    await app.page.waitForFunction("document.querySelectorAll('#lessons li').length === 4");
    await app.page.fill('#steps', String(steps));
    await app.page.uncheck('#vary');
    const { longest, observed } = await app.tasks(async () => {
      await app.click('train');
      await app.until('training', /Step ([4-9]|\d\d) of/);
      await app.click('stop');
      const stopped = Number(/step (\d+)/.exec(await app.until('training', /Stopped at step \d+/))![1]);
      await app.click('continue');
      const going = Number(/Step (\d+) of/.exec(await app.until('training', /Step \d+ of/))![1]);
      expect(going).toBeGreaterThan(stopped);
      await app.until('training', new RegExp(`Done after ${steps} steps`), 230_000);
    });
    console.info(`training: longest task ${longest.toFixed(1)} ms; long tasks observed: [${observed}]`);
    expect(longest).toBeLessThan(longestTask);
    expect(await app.page.getAttribute('#loss-curve', 'aria-label')).toMatch(/^Loss: loss \d/);
    expect(await app.page.getAttribute('#measure-curve', 'aria-label')).toMatch(/detection AP/);

    await app.click('tab-look');
    await app.looking(() => app.page.setInputFiles('#picture-file', picture));
    const [box] = await app.boxes();
    const overlap = boxIou([...box!], [...scene.objects![0]!.box])[0]!;
    console.info(`overlap ${overlap.toFixed(3)}, ${await app.text('found')}`);
    expect(overlap).toBeGreaterThan(right);
  });

  it('saves what it learnt for the command line and for itself', async () => {
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

    await app.page.goto(`${app.site.origin}/?backend=wasm&size=micro&side=96`);
    await app.ready();
    await app.page.setInputFiles('#model-file', file);
    await app.until('status', /glid\.safetensors is open|Found/);
    await app.page.waitForFunction("document.getElementById('facts').textContent.includes('glid.safetensors')");
    await app.looking(() => app.page.setInputFiles('#picture-file', picture));
    expect(await app.text('found')).toBe(found);
  });

  it('works without a network once it was loaded', async () => {
    await app.until('offline', /without a network/);
    await app.site.closeServer();
    await app.page.reload();
    await app.ready();
    expect(await app.looking(() => app.page.setInputFiles('#picture-file', picture))).toMatch(/ms for 1 head/);
    expect(await app.text('problem')).toBe('');
    expect(app.site.problems).toEqual([]);
  });
});
