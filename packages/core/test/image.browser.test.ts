import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

/** Six pixels, 3 x 2, all different. */
const rgb = Uint8Array.from({ length: 18 }, (_, i) => i * 13);
const raw = { raw: { width: 3, height: 2, channels: 3 } } as const;

const code = `
  import { setBackend } from '@tensorflow/tfjs-core';
  import '@tensorflow/tfjs-backend-cpu';
  import { toImageTensor } from '../src/image/index.ts';

  await setBackend('cpu');
  async function read(input, options) {
    try {
      const image = await toImageTensor(await input, options);
      const out = { shape: image.shape, values: Array.from(await image.data()) };
      image.dispose();
      return out;
    } catch (error) {
      return error.code + ': ' + error.message;
    }
  }
  const blob = async (path) => (await fetch(path)).blob();
  const element = (src) => Object.assign(new Image(), { src });
  const bitmap = await createImageBitmap(await blob('/picture.png'));
  const draw = (canvas) => {
    Object.assign(canvas, { width: 3, height: 2 }).getContext('2d').drawImage(bitmap, 0, 0);
    return canvas;
  };
  const closed = await createImageBitmap(bitmap);
  closed.close();
  const offscreen = draw(new OffscreenCanvas(1, 1));
  globalThis.answer = {
    same: {
      blob: await read(blob('/picture.png')),
      bytes: await read(new Uint8Array(await (await blob('/picture.png')).arrayBuffer())),
      buffer: await read((await blob('/picture.png')).arrayBuffer()),
      bitmap: await read(bitmap),
      element: await read(element('/picture.png')),
      canvas: await read(draw(document.createElement('canvas'))),
      offscreen: await read(offscreen),
      imageData: await read(offscreen.getContext('2d').getImageData(0, 0, 3, 2)),
      frame: await read(new VideoFrame(draw(new OffscreenCanvas(1, 1)), { timestamp: 0 })),
    },
    turnedBlob: await read(blob('/turned.jpg')),
    turnedElement: await read(element('/turned.jpg')),
    alpha: await read(blob('/alpha.png'), { background: [1, 128, 250] }),
    refused: {
      path: await read('/picture.png'),
      closed: await read(closed),
      bomb: await read(blob('/bomb.png'), { maxPixels: 1e6 }),
      text: await read(new Blob(['no picture'])),
      missing: await read(element('/missing.png')),
      video: await read(document.createElement('video')),
    },
  };
`;

interface Read {
  readonly shape: number[];
  readonly values: number[];
}
interface Answer {
  readonly same: Record<string, Read>;
  readonly turnedBlob: Read;
  readonly turnedElement: Read;
  readonly alpha: Read;
  readonly refused: Record<string, string>;
}

function worst(got: readonly number[], want: ArrayLike<number>): number {
  expect(got).toHaveLength(want.length);
  return Math.max(...got.map((value, i) => Math.abs(value - want[i]!)));
}

describe.skipIf(!chromiumPath)(`pictures in a page (${withoutChromium})`, () => {
  it('give the same numbers in every form, and as in Node', async () => {
    const halves = sharp(Uint8Array.of(250, 0, 0, 0, 0, 250), { raw: { width: 2, height: 1, channels: 3 } });
    const wide = halves.resize(64, 32, { kernel: 'nearest' });
    const rgba = Uint8ClampedArray.from({ length: 16 * 4 }, (_, i) =>
      i % 4 === 3 ? 64 + 12 * (i >> 2) : (i * 53) % 256,
    );
    const files = {
      '/picture.png': new Uint8Array(await sharp(rgb, raw).png().toBuffer()),
      '/turned.jpg': new Uint8Array(await wide.withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer()),
      '/alpha.png': new Uint8Array(
        await sharp(rgba, { raw: { width: 8, height: 2, channels: 4 } })
          .png()
          .toBuffer(),
      ),
      '/bomb.png': new Uint8Array(
        await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'red' } })
          .png()
          .toBuffer(),
      ),
    };
    const { page, problems, close } = await openPage({ code, resolveDirectory: import.meta.dirname, files });
    try {
      await page.waitForFunction('globalThis.answer');
      const answer = (await page.evaluate('globalThis.answer')) as Answer;
      for (const [form, got] of Object.entries(answer.same)) {
        expect(got, form).toEqual({ shape: [2, 3, 3], values: [...rgb] });
      }
      for (const turned of [answer.turnedBlob, answer.turnedElement]) {
        // Orientation 6: the left of the stored picture, red, is shown above.
        expect(turned.shape).toEqual([64, 32, 3]);
        expect(worst(turned.values.slice(0, 3), [250, 0, 0])).toBeLessThan(8);
        expect(worst(turned.values.slice(-3), [0, 0, 250])).toBeLessThan(8);
      }
      // A canvas keeps colours multiplied by alpha, which costs up to two levels at these alphas.
      const want = [];
      for (let i = 0; i < rgba.length; i += 4) {
        const alpha = rgba[i + 3]! / 255;
        for (const [c, back] of [1, 128, 250].entries()) want.push(rgba[i + c]! * alpha + back * (1 - alpha));
      }
      expect(worst(answer.alpha.values, want)).toBeLessThanOrEqual(2);
      const { refused } = answer;
      for (const message of Object.values(refused)) expect(message).toMatch(/^GLID_IMAGE: /);
      expect(refused.path).toMatch(/pass the Blob/);
      expect(refused.closed).toMatch(/empty/);
      expect(refused.bomb).toMatch(/2000 x 2000 pixels exceed/);
      expect(refused.text).toMatch(/cannot decode/);
      expect(refused.missing).toMatch(/could not load/);
      expect(refused.video).toMatch(/no frame yet/);
      // The missing picture is the only thing that the browser itself complains about.
      expect(problems.filter((problem) => !/404/.test(problem))).toEqual([]);
    } finally {
      await close();
    }
  });
});
