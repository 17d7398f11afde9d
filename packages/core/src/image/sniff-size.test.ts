import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { sniffSize } from './sniff-size.ts';

const picture = (width: number, height: number): Sharp =>
  sharp({ create: { width, height, channels: 4, background: { r: 10, g: 200, b: 30, alpha: 0.5 } } });

describe('sniffSize', () => {
  it.each<[string, (picture: Sharp) => Sharp]>([
    ['PNG', (p) => p.png()],
    ['JPEG', (p) => p.removeAlpha().jpeg()],
    [
      'progressive JPEG with EXIF',
      (p) =>
        p
          .removeAlpha()
          .withExif({ IFD0: { Copyright: 'x' } })
          .jpeg({ progressive: true }),
    ],
    ['GIF', (p) => p.gif()],
    ['lossy WebP', (p) => p.removeAlpha().webp()],
    ['lossless WebP', (p) => p.removeAlpha().webp({ lossless: true })],
    ['WebP with alpha', (p) => p.webp()],
  ])('reads the size of a %s', async (_, encode) => {
    for (const [width, height] of [
      [37, 5],
      [300, 700],
    ] as const) {
      const bytes = await encode(picture(width, height)).toBuffer();
      expect(sniffSize(bytes)).toEqual({ width, height });
      // A view into a larger buffer reads the same.
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      expect(sniffSize(shifted.subarray(3))).toEqual({ width, height });
    }
  });

  it('reads a BMP that is stored from the top', () => {
    const bytes = new Uint8Array(54);
    bytes.set([0x42, 0x4d]);
    new DataView(bytes.buffer).setInt32(18, 640, true);
    new DataView(bytes.buffer).setInt32(22, -480, true);
    expect(sniffSize(bytes)).toEqual({ width: 640, height: 480 });
  });

  it('gives null, not an exception, for everything else', async () => {
    const jpeg = await picture(8, 8).removeAlpha().jpeg().toBuffer();
    fc.assert(fc.property(fc.nat(20), (length) => sniffSize(jpeg.subarray(0, length)) === null));
    const magic = fc
      .constantFrom('\x89PNG', 'GIF8', 'BM', 'RIFF1234WEBPVP8X', '\xff\xd8\xff', '')
      .map((tag) => [...tag].map((c) => c.charCodeAt(0)));
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 60 }), (tag, rest) => {
        const size = sniffSize(Uint8Array.from([...tag, ...rest]));
        if (size) expect(size.width >= 0 && size.height >= 0).toBe(true);
      }),
    );
    expect(sniffSize(new Uint8Array(0))).toBeNull();
  });
});
