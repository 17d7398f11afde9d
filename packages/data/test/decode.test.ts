import { deflateSync } from 'node:zlib';
import { GlidError, Random } from '@glid/base';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePng } from '../src/decode/decode-png.ts';
import { decodeDepthPng, decodeImage, decodeLabelPng, decodePanopticPng, imageSize } from '../src/index.ts';

const random = new Random(1);
const bytes = (length: number, below = 256): Uint8Array => Uint8Array.from({ length }, () => random.integer(below));

/** A PNG put together by hand, every row with another filter type 0. */
function handMadePng(
  width: number,
  height: number,
  bitDepth: number,
  colorType: number,
  rows: Uint8Array,
  palette?: Uint8Array,
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitDepth, colorType, 0, 0, 0], 8);
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc32(body), body.length + 4);
    return out;
  };
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', palette)] : []),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

function crc32(data: Uint8Array): number {
  let c = ~0;
  for (const byte of data) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}

const raw = (data: Uint8Array, width: number, height: number, channels: 1 | 2 | 3 | 4) =>
  sharp(data, { raw: { width, height, channels } });

describe('decodePng', () => {
  it.each([
    [1, 'grey', false],
    [2, 'grey and alpha', false],
    [3, 'RGB', false],
    [4, 'RGBA', false],
    [3, 'RGB', true],
    [1, 'grey', true],
  ] as const)('gives the samples of %i-channel %s (interlaced %s) exactly', async (channels, _, progressive) => {
    for (const [width, height] of [
      [17, 13],
      [1, 1],
      [8, 5],
      [3, 40],
    ] as const) {
      const data = bytes(width * height * channels);
      const image = raw(data, width, height, channels);
      const grey = channels < 3 ? image.toColourspace('b-w') : image;
      const png = await grey.png({ progressive, adaptiveFiltering: true }).toBuffer();
      const decoded = await decodePng(png, 'x.png', 1e6);
      expect([decoded.width, decoded.height, decoded.channels]).toEqual([width, height, channels]);
      expect(decoded.data).toEqual(data);
    }
  });

  it('gives 16-bit grey values exactly', async () => {
    const values = Uint16Array.from({ length: 9 * 7 }, () => random.integer(65536));
    const png = await sharp(values, { raw: { width: 9, height: 7, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await decodePng(png, 'x.png', 1e6)).data).toEqual(values);
    const depth = await decodeDepthPng(png, 'x.png', 0.001);
    expect(depth.data[5]).toBe(Math.fround(values[5]! * 0.001));
  });

  it.each([1, 2, 4, 8])('gives palette indices of %i bits, not colours', async (bitDepth) => {
    const [width, height] = [11, 6];
    const indices = bytes(width * height, 2 ** bitDepth);
    const rowBytes = Math.ceil((width * bitDepth) / 8);
    const rows = new Uint8Array(height * (rowBytes + 1));
    indices.forEach((value, i) => {
      const bit = (i % width) * bitDepth;
      rows[Math.floor(i / width) * (rowBytes + 1) + 1 + (bit >> 3)]! |= value << (8 - bitDepth - (bit & 7));
    });
    const png = handMadePng(width, height, bitDepth, 3, rows, bytes(3 * 2 ** bitDepth));
    expect((await decodeLabelPng(png, 'x.png')).data).toEqual(indices);
    // A picture decoder looks colours up instead.
    expect((await decodeImage(png)).data.length).toBe(width * height * 3);
  });

  it('undoes every filter type', async () => {
    const data = new Uint8Array(64 * 64 * 3).map((_, i) => (i * 7 + (i >> 5)) & 255);
    const png = await raw(data, 64, 64, 3).png({ adaptiveFiltering: true, compressionLevel: 9 }).toBuffer();
    expect((await decodePng(png, 'x.png', 1e6)).data).toEqual(data);
  });

  it('refuses damage, bombs and wrong kinds with typed errors', async () => {
    const png = await raw(bytes(300), 10, 10, 3).png().toBuffer();
    const flipped = Buffer.from(png);
    flipped[60]! ^= 1;
    const huge = handMadePng(100_000, 100_000, 8, 0, new Uint8Array(100));
    const tooMuch = handMadePng(4, 4, 8, 0, new Uint8Array(2 ** 20));
    const tooLittle = handMadePng(40, 40, 8, 0, new Uint8Array(100));
    const noPixels = handMadePng(0, 4, 8, 0, new Uint8Array(0));
    for (const bad of [
      png.subarray(0, 50),
      flipped,
      huge,
      tooMuch,
      tooLittle,
      noPixels,
      bytes(100),
      new Uint8Array(),
    ]) {
      await expect(decodePng(bad, 'x.png', 1e8)).rejects.toSatisfy((e) => GlidError.isInstance(e, 'GLID_IMAGE'));
    }
    await expect(decodeLabelPng(png, 'x.png')).rejects.toThrowError(/3 channels/);
    await expect(decodeDepthPng(png, 'x.png', 1)).rejects.toThrowError(/3 channels/);
    const grey = await raw(bytes(100), 10, 10, 1).toColourspace('b-w').png().toBuffer();
    await expect(decodePanopticPng(grey, 'x.png')).rejects.toThrowError(/1 channels/);
  });

  it('joins the three bytes of panoptic ids', async () => {
    const png = await raw(Uint8Array.from([1, 2, 3, 0, 0, 0]), 2, 1, 3)
      .png()
      .toBuffer();
    expect([...(await decodePanopticPng(png, 'x.png')).data]).toEqual([1 + 512 + 3 * 65536, 0]);
  });
});

describe('decodeImage', () => {
  const flat = (width: number, height: number, color: string) =>
    sharp({ create: { width, height, channels: 3, background: color } });

  it('turns pictures upright by EXIF orientation, as does the header', async () => {
    const data = new Uint8Array(20 * 10 * 3).fill(255);
    for (let y = 0; y < 10; y++) data.fill(0, y * 60, y * 60 + 30);
    for (const orientation of [1, 3, 6, 8]) {
      const jpeg = await raw(data, 20, 10, 3).withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer();
      const image = await decodeImage(jpeg);
      const sideways = orientation >= 5;
      expect([image.width, image.height]).toEqual(sideways ? [10, 20] : [20, 10]);
      expect(imageSize(jpeg)).toEqual({ width: image.width, height: image.height });
      // The dark half: left, right, top, bottom.
      const dark = { 1: 0, 3: (19 + 10 * 0) * 3, 6: 0, 8: 19 * 10 * 3 }[orientation]!;
      expect(image.data[dark]).toBeLessThan(40);
      expect(image.data[image.data.length - 3 - dark]).toBeGreaterThan(215);
    }
  });

  it('converts CMYK, grey, 16 bits and transparency', async () => {
    const cmyk = await flat(8, 8, '#3060c0').toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    const fromCmyk = await decodeImage(cmyk);
    expect(fromCmyk.data.length).toBe(192);
    expect(fromCmyk.data[2]! > fromCmyk.data[0]!).toBe(true);
    const grey = await flat(4, 4, '#808080').toColourspace('b-w').jpeg().toBuffer();
    expect(Math.abs((await decodeImage(grey)).data[1]! - 128)).toBeLessThan(3);
    const deep = Uint16Array.from([0, 256, 32768, 65535]);
    const sixteen = await sharp(deep, { raw: { width: 4, height: 1, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect([...(await decodeImage(sixteen)).data.filter((_, i) => i % 3 === 0)]).toEqual([0, 1, 128, 255]);
    const clear = await raw(Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 255]), 2, 1, 4)
      .png()
      .toBuffer();
    expect([...(await decodeImage(clear)).data]).toEqual([255, 255, 255, 255, 0, 0]);
  });

  it('reads sizes from the headers of common formats', async () => {
    const image = flat(37, 21, '#123456');
    for (const encoded of [image.png(), image.jpeg(), image.webp(), image.webp({ lossless: true }), image.gif()]) {
      expect(imageSize(await encoded.toBuffer())).toEqual({ width: 37, height: 21 });
    }
    expect(imageSize(Uint8Array.from([1, 2, 3]))).toBeNull();
  });

  it('refuses bombs before decoding, and whatever is no picture', async () => {
    const png = await flat(64, 64, '#000000').png().toBuffer();
    await expect(decodeImage(png, { maxPixels: 4095, source: 'bomb.png' })).rejects.toThrowError(
      /bomb.png.*limit is 4095/,
    );
    const jpeg = await flat(64, 64, '#804020').jpeg().toBuffer();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9e9" height="9e9"/>');
    for (const bad of [new Uint8Array(), bytes(500), jpeg.subarray(0, 200), png.subarray(0, 70), svg]) {
      await expect(decodeImage(bad)).rejects.toSatisfy((e) => GlidError.isInstance(e, 'GLID_IMAGE'));
    }
  });
});
