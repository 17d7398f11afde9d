import { GlidError } from '@glid/base';
import sharp from 'sharp';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { decodeInBrowser } from '../src/image/decode-in-browser.ts';
import type { Context2dLike, Drawable, ImageBitmapLike } from '../src/image/drawable.ts';
import type { ImageInput } from '../src/image/index.ts';
import { readDrawable } from '../src/image/read-drawable.ts';

/** A context that remembers what was drawn and gives numbered pixels. */
function fakeContext(): { context: Context2dLike; drawn: unknown[][] } {
  const drawn: unknown[][] = [];
  const context: Context2dLike = {
    drawImage: (...call) => void drawn.push(call),
    getImageData: (_x, _y, width, height) => ({
      data: Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => i % 256),
    }),
  };
  return { context, drawn };
}

async function refused(promise: Promise<unknown>): Promise<GlidError> {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!GlidError.isInstance(error, 'GLID_IMAGE')) throw new Error(`no GLID_IMAGE but ${error}`);
  return error;
}

const close = (): void => undefined;
const decode = async (): Promise<void> => undefined;
const max = 1e6;

describe('readDrawable', () => {
  it.each<[string, Drawable]>([
    ['image element', { naturalWidth: 3, naturalHeight: 2, decode }],
    ['video element', { videoWidth: 3, videoHeight: 2, readyState: 4 }],
    ['video frame', { displayWidth: 3, displayHeight: 2, close }],
    ['image bitmap', { width: 3, height: 2, close }],
    ['canvas', { width: 3, height: 2, getContext: close }],
  ])('draws a whole %s at its own size', async (_, source) => {
    const { context, drawn } = fakeContext();
    const sizes: number[][] = [];
    const pixels = await readDrawable(source, max, (...size) => {
      sizes.push(size);
      return context;
    });
    expect(sizes).toEqual([[3, 2]]);
    expect(drawn).toEqual([[source, 0, 0, 3, 2]]);
    expect(pixels).toMatchObject({ width: 3, height: 2, channels: 4 });
    expect(pixels.data).toHaveLength(24);
  });

  it.each<[string, Drawable, RegExp]>([
    [
      'is not loaded',
      { naturalWidth: 0, naturalHeight: 0, decode: () => Promise.reject(new Error('404')) },
      /could not load/,
    ],
    ['is empty', { naturalWidth: 0, naturalHeight: 0, decode }, /it is empty/],
    ['has no frame yet', { videoWidth: 3, videoHeight: 2, readyState: 1 }, /no frame yet/],
    ['was closed', { width: 0, height: 0, close }, /it is empty/],
    ['is too large', { width: 1001, height: 1000, close }, /exceed the limit/],
  ])('refuses a picture that %s', async (_, source, message) => {
    expect((await refused(readDrawable(source, max, () => fakeContext().context))).message).toMatch(message);
  });

  it('explains another origin, a failing draw and a missing canvas', async () => {
    const source = { width: 3, height: 2, close };
    const tainted = { ...fakeContext().context };
    tainted.getImageData = () => {
      throw new DOMException('tainted', 'SecurityError');
    };
    expect((await refused(readDrawable(source, max, () => tainted))).fix).toMatch(/crossOrigin/);
    const broken = { ...fakeContext().context };
    broken.drawImage = () => {
      throw new DOMException('detached', 'InvalidStateError');
    };
    expect((await refused(readDrawable(source, max, () => broken))).message).toMatch(/cannot be drawn/);
    expect((await refused(readDrawable(source, max, () => null))).message).toMatch(/no canvas/);
    expect((await refused(readDrawable(source, max))).message).toMatch(/no canvas/);
  });
});

describe('decodeInBrowser', () => {
  const decoder = (closed: string[] = []) => ({
    createImageBitmap: async (_: Blob, options: unknown): Promise<ImageBitmapLike> => {
      expect(options).toEqual({
        imageOrientation: 'from-image',
        premultiplyAlpha: 'none',
        colorSpaceConversion: 'default',
      });
      return { width: 4, height: 5, close: () => void closed.push('closed') };
    },
    createContext2d: () => fakeContext().context,
  });

  it('decodes, draws and closes the bitmap, also when reading fails', async () => {
    const closed: string[] = [];
    expect(await decodeInBrowser(new Blob(['x']), max, decoder(closed))).toMatchObject({ width: 4, height: 5 });
    await refused(decodeInBrowser(new Blob(['x']), max, { ...decoder(closed), createContext2d: () => null }));
    expect(closed).toEqual(['closed', 'closed']);
  });

  it('refuses a bomb before decoding it', async () => {
    const bytes = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const never = (): never => {
      throw new Error('decoded');
    };
    const bomb = decodeInBrowser(new Blob([new Uint8Array(bytes)]), max, { ...decoder(), createImageBitmap: never });
    expect((await refused(bomb)).message).toMatch(/2000 x 2000 pixels exceed/);
  });

  it('refuses empty and undecodable files, and browsers without a decoder', async () => {
    expect((await refused(decodeInBrowser(new Blob([]), max, decoder()))).message).toMatch(/no bytes/);
    const failing = {
      ...decoder(),
      createImageBitmap: () => Promise.reject(new DOMException('no', 'InvalidStateError')),
    };
    expect((await refused(decodeInBrowser(new Blob(['x']), max, failing))).message).toMatch(/cannot decode/);
    const none = { ...decoder(), createImageBitmap: undefined };
    expect((await refused(decodeInBrowser(new Blob(['x']), max, none))).message).toMatch(/no createImageBitmap/);
  });
});

it('accepts the browser’s own types', () => {
  expectTypeOf<HTMLImageElement>().toExtend<ImageInput>();
  expectTypeOf<HTMLVideoElement>().toExtend<ImageInput>();
  expectTypeOf<HTMLCanvasElement>().toExtend<ImageInput>();
  expectTypeOf<OffscreenCanvas>().toExtend<ImageInput>();
  expectTypeOf<ImageBitmap>().toExtend<ImageInput>();
  expectTypeOf<VideoFrame>().toExtend<ImageInput>();
  expectTypeOf<ImageData>().toExtend<ImageInput>();
  expectTypeOf<Blob>().toExtend<ImageInput>();
});
