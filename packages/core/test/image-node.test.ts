import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { enableProdMode, memory, setBackend, type Tensor3D, tensor, tensor3d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeInNode } from '../src/image/decode-in-node.ts';
import { type ImageInput, type ImageTensorOptions, toImageTensor } from '../src/image/index.ts';

enableProdMode();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glid-image-'));
  expect(await setBackend('cpu')).toBe(true);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Shape and values; the tensor is disposed and nothing else may be left. */
async function read(input: ImageInput, options?: ImageTensorOptions): Promise<{ shape: number[]; values: number[] }> {
  const before = memory().numTensors;
  const image = await toImageTensor(input, options);
  expect(image.dtype).toBe('float32');
  expect(memory().numTensors).toBe(before + 1);
  const values = [...(await image.data())];
  image.dispose();
  return { shape: image.shape, values };
}

async function refused(input: unknown, options?: ImageTensorOptions): Promise<GlidError> {
  const before = memory().numTensors;
  const error = await toImageTensor(input as ImageInput, options).then(
    () => null,
    (e: unknown) => e,
  );
  expect(memory().numTensors).toBe(before);
  if (!GlidError.isInstance(error)) throw new Error(`no GlidError but ${error}`);
  return error;
}

/** Six pixels, 3 x 2, all different. */
const rgb = Uint8Array.from({ length: 18 }, (_, i) => i * 13);
const raw = { raw: { width: 3, height: 2, channels: 3 } } as const;

describe('buffers and tensors', () => {
  it('reads RGB buffers and ImageData', async () => {
    const want = { shape: [2, 3, 3], values: [...rgb] };
    expect(await read({ width: 3, height: 2, data: rgb })).toEqual(want);
    const rgba = Uint8ClampedArray.from({ length: 24 }, (_, i) =>
      i % 4 === 3 ? 255 : rgb[Math.floor(i / 4) * 3 + (i % 4)]!,
    );
    expect(await read({ width: 3, height: 2, data: rgba, colorSpace: 'srgb' })).toEqual(want);
  });

  it('lays transparent pixels over the background', async () => {
    const data = Uint8ClampedArray.of(10, 20, 30, 0, 100, 200, 50, 128);
    const expected = (background: number[]): number[] => [
      ...background,
      ...[100, 200, 50].map((value, i) => Math.round((value * 128 + background[i]! * 127) / 255)),
    ];
    expect((await read({ width: 2, height: 1, data })).values).toEqual(expected([255, 255, 255]));
    expect((await read({ width: 2, height: 1, data }, { background: [0, 9, 99] })).values).toEqual(
      expected([0, 9, 99]),
    );
  });

  it('copies tensors as float32 and leaves the input alone', async () => {
    for (const dtype of ['float32', 'int32'] as const) {
      const input = tensor3d([...rgb], [2, 3, 3], dtype);
      expect(await read(input)).toEqual({ shape: [2, 3, 3], values: [...rgb] });
      const copy = await toImageTensor(input);
      input.dispose();
      expect([...(await copy.data())]).toEqual([...rgb]);
      copy.dispose();
    }
  });

  it('refuses tensors that are not finite pictures in 0..255', async () => {
    const cases: [Tensor3D, RegExp][] = [
      [tensor3d([1, Number.NaN, 3], [1, 1, 3]), /element 1 is NaN/],
      [tensor3d([1, 2, Number.POSITIVE_INFINITY], [1, 1, 3]), /element 2 is Infinity/],
      [tensor3d([-0.5, 2, 3], [1, 1, 3]), /element 0 is -0\.5/],
      [tensor3d([1, 2, 256], [1, 1, 3]), /element 2 is 256/],
      [tensor3d([], [0, 4, 3]), /it is empty/],
      [tensor3d([1, 2, 3, 4], [1, 1, 4]), /float32 \[1, 1, 4\]/],
      [tensor([1, 2, 3], [1, 3]) as unknown as Tensor3D, /float32 \[1, 3\]/],
      [tensor3d([1, 0, 1], [1, 1, 3], 'bool'), /bool/],
    ];
    for (const [input, message] of cases) {
      const error = await refused(input);
      expect(error.code).toBe('GLID_IMAGE');
      expect(error.message).toMatch(message);
      input.dispose();
    }
    expect((await refused(cases[0]![0])).message).toMatch(/disposed/);
  });

  it.each<[string, unknown, RegExp]>([
    ['an empty buffer', { width: 0, height: 0, data: new Uint8Array(0) }, /it is empty/],
    ['a wrong length', { width: 2, height: 2, data: new Uint8Array(11) }, /11 samples/],
    ['a fractional size', { width: 1.5, height: 2, data: new Uint8Array(9) }, /is not a size/],
    ['a NaN size', { width: Number.NaN, height: 2, data: new Uint8Array(9) }, /is not a size/],
    ['an absurd size', { width: 1e9, height: 1, data: new Uint8Array(9) }, /exceed the limit/],
    ['float samples', { width: 1, height: 1, data: new Float32Array(3) }, /not 8-bit/],
    ['another colour space', { width: 1, height: 1, data: new Uint8Array(4), colorSpace: 'display-p3' }, /display-p3/],
    ['null', null, /no kind/],
    ['undefined', undefined, /no kind/],
    ['a number', 7, /no kind/],
    ['an object', {}, /no kind/],
  ])('refuses %s', async (_, input, message) => {
    const error = await refused(input);
    expect(error.code).toBe('GLID_IMAGE');
    expect(error.message).toMatch(message);
    expect(error.message.endsWith(error.fix)).toBe(true);
  });
});

describe('picture files in Node', () => {
  it('reads a path, bytes, an ArrayBuffer and a Blob alike', async () => {
    const png = await sharp(rgb, raw).png().toBuffer();
    const path = join(folder, 'picture.png');
    await writeFile(path, png);
    const want = { shape: [2, 3, 3], values: [...rgb] };
    expect(await read(path)).toEqual(want);
    expect(await read(new Uint8Array(png))).toEqual(want);
    expect(await read(png)).toEqual(want);
    expect(await read(new Uint8Array(png).buffer)).toEqual(want);
    expect(await read(new Blob([new Uint8Array(png)]))).toEqual(want);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('applies EXIF orientation %i', async (orientation) => {
    const tagged = await sharp(rgb, raw).withMetadata({ orientation }).tiff({ compression: 'lzw' }).toBuffer();
    const { shape, values } = await read(tagged);
    const at = (y: number, x: number): number[] => [...rgb.subarray((y * 3 + x) * 3, (y * 3 + x) * 3 + 3)];
    // Where the pixel shown at (y, x) is stored, from the definition of the eight orientations.
    const stored: Record<number, (y: number, x: number) => number[]> = {
      1: (y, x) => at(y, x),
      2: (y, x) => at(y, 2 - x),
      3: (y, x) => at(1 - y, 2 - x),
      4: (y, x) => at(1 - y, x),
      5: (y, x) => at(x, y),
      6: (y, x) => at(1 - x, y),
      7: (y, x) => at(1 - x, 2 - y),
      8: (y, x) => at(x, 2 - y),
    };
    const size = orientation < 5 ? [2, 3] : [3, 2];
    expect(shape).toEqual([...size, 3]);
    const want = [];
    for (let y = 0; y < size[0]!; y++) for (let x = 0; x < size[1]!; x++) want.push(...stored[orientation]!(y, x));
    expect(values).toEqual(want);
  });

  it('flattens alpha like ImageData', async () => {
    const rgba = Uint8ClampedArray.from({ length: 16 * 4 }, (_, i) => (i * 53) % 256);
    const png = await sharp(rgba, { raw: { width: 8, height: 2, channels: 4 } })
      .png()
      .toBuffer();
    const options = { background: [1, 128, 250] } as const;
    expect(await read(png, options)).toEqual(await read({ width: 8, height: 2, data: rgba }, options));
  });

  it('converts greyscale, 16-bit, palette and CMYK pictures', async () => {
    const grey = sharp(Uint8Array.of(0, 100, 255), { raw: { width: 3, height: 1, channels: 1 } });
    const tripled = [0, 0, 0, 100, 100, 100, 255, 255, 255];
    expect((await read(await grey.clone().toColourspace('b-w').png().toBuffer())).values).toEqual(tripled);
    expect((await read(await grey.clone().png({ palette: true }).toBuffer())).values).toEqual(tripled);
    const wide = sharp(Uint16Array.of(0, 65535, 257 * 9), { raw: { width: 1, height: 1, channels: 3 } });
    const png16 = await wide.toColourspace('rgb16').png().toBuffer();
    expect((await sharp(png16).metadata()).depth).toBe('ushort');
    expect((await read(png16)).values).toEqual([0, 255, 9]);
    const solid = sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 200, g: 30, b: 60 } } });
    const cmyk = await solid.toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const { shape, values } = await read(cmyk);
    expect(shape).toEqual([8, 8, 3]);
    for (const [i, want] of [200, 30, 60].entries()) expect(Math.abs(values[i]! - want)).toBeLessThan(25);
  });

  it('refuses bombs by their header, damaged and empty files, and says what cannot be found', async () => {
    const big = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    expect((await refused(big, { maxPixels: 5_999_999 })).message).toMatch(/3000 x 2000 pixels exceed/);
    const jpeg = await sharp(rgb, raw).resize(300, 200).jpeg().toBuffer();
    expect((await refused(jpeg.subarray(0, jpeg.length / 2))).message).toMatch(/cannot be decoded/);
    expect((await refused(new Uint8Array(0))).message).toMatch(/no bytes/);
    expect((await refused(join(folder, 'absent.jpg'))).code).toBe('GLID_IO');
    expect((await refused('https://example.com/cat.jpg')).fix).toMatch(/fetched by the caller/);
    expect((await refused(folder)).code).toBe('GLID_IMAGE');
  });

  it('gives tensors or a GlidError for mutated files, nothing else', async () => {
    const files = await Promise.all([
      sharp(rgb, raw).resize(40, 30).jpeg().toBuffer(),
      sharp(rgb, raw).resize(40, 30).png().toBuffer(),
      sharp(rgb, raw).resize(40, 30).webp().toBuffer(),
    ]);
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.array(edit, { maxLength: 8 }), async (file, edits) => {
        const bytes = new Uint8Array(file);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          (await toImageTensor(bytes, { maxPixels: 1e6 })).dispose();
        } catch (error) {
          if (!GlidError.isInstance(error, 'GLID_IMAGE')) throw error;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('names the command when sharp is absent', async () => {
    const absent = decodeInNode(Uint8Array.of(1), 100, () => Promise.reject(new Error('ERR_MODULE_NOT_FOUND')));
    await expect(absent).rejects.toMatchObject({ code: 'GLID_IMAGE', fix: 'Run npm i sharp.' });
  });

  it('stops when told to', async () => {
    expect((await refused({ width: 3, height: 2, data: rgb }, { signal: AbortSignal.abort() })).code).toBe(
      'GLID_ABORTED',
    );
    const controller = new AbortController();
    const input = tensor3d([...rgb], [2, 3, 3]);
    const pending = refused(input, { signal: controller.signal });
    controller.abort();
    expect((await pending).code).toBe('GLID_ABORTED');
    input.dispose();
  });
});
