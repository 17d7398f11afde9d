import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { poseCrop } from '@glid/data';
import { personRegion } from '@glid/head-pose';
import { expectClose } from '@glid/test-utils';
import {
  concat,
  enableProdMode,
  memory,
  randomUniform,
  reverse,
  setBackend,
  slice,
  type Tensor3D,
  tensor3d,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { createModel, headOf, resizeImage } from '../src/index.ts';
import { viewRegions } from '../src/model/preprocess.ts';
import { microConfig } from './micro.ts';
import { fieldMap, tags } from './toy-heads.ts';

enableProdMode();
beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const picture = (height: number, width: number, seed = 1): Tensor3D =>
  randomUniform([height, width, 3], 0, 255, 'float32', seed);
const heads = { animals: headOf(tags, { labels: ['cat', 'dog'] }), field: headOf(fieldMap, {}) };
const build = () => createModel({ backbone: microConfig, heads, seed: 1, resize: {} });

describe('viewRegions', () => {
  it.each([
    ['inside', [30, 20, 60, 90]],
    ['reaching outside', [2, 40, 33, 118]],
  ] as const)('udp sees what top-down training sees: %s', async (_, box) => {
    const [height, width] = [120, 100];
    const random = new Random(4);
    const data = Uint8Array.from({ length: height * width * 3 }, () => random.integer(256));
    const size = [height, width] as const;
    const meta = { originalSize: size, resizedSize: size, inputSize: size };
    const crop = poseCrop({ size: [64, 48] });
    if (crop.kind !== 'sample') throw new Error('poseCrop is an augmentation of single samples');
    const trained = crop.apply({ image: data, size, fields: {}, meta, focus: box }, random);
    const region = personRegion(box, [64, 48]);
    const [view] = viewRegions(tensor3d(Float32Array.from(data), [height, width, 3]), [region], 'udp', { longest: 64 });
    expect(view!.meta.resizedSize).toEqual([64, 48]);
    expect(trained.meta.originalSize).toEqual(view!.meta.originalSize);
    for (const side of ['x', 'y', 'width', 'height'] as const) {
      expect(view!.meta.crop![side]).toBeCloseTo(trained.meta.crop![side], 9);
    }
    expectClose(await view!.pixels.data(), trained.image, 0.51); // theirs may be rounded to whole numbers
  });

  it('area gives the whole picture as predicting it does, and a part of it as it is', async () => {
    const image = picture(33, 50);
    const whole = { x: 0, y: 0, width: 50, height: 33 };
    const [shrunk] = viewRegions(image, [whole], 'area', { longest: 20 });
    expectClose(await shrunk!.pixels.data(), await resizeImage(image, [13, 20]).data(), 1e-3);
    expect(shrunk!.meta.crop).toEqual(whole);
    const part = { x: 7, y: 4, width: 20, height: 11 };
    const [same] = viewRegions(image, [part], 'area', {});
    expectClose(await same!.pixels.data(), await slice(image, [4, 7, 0], [11, 20, 3]).data(), 1e-4);
    expect(same!.meta).toEqual({ originalSize: [33, 50], resizedSize: [11, 20], crop: part });
  });

  it('is black outside of the picture', async () => {
    const white = tensor3d(new Float32Array(48).fill(255), [4, 4, 3]);
    const [view] = viewRegions(white, [{ x: -2, y: 0, width: 4, height: 4 }], 'area', {});
    const rows = (await view!.pixels.array()) as number[][][];
    for (const row of rows) expect(row.map(([red]) => red)).toEqual([0, 0, 255, 255]);
  });

  it('refuses regions that show nothing', () => {
    const image = picture(8, 8);
    for (const change of [{ x: 8 }, { y: -4 }, { width: 0 }, { height: Number.NaN }]) {
      const region = { x: 0, y: 0, width: 4, height: 4, ...change };
      expect(() => viewRegions(image, [region], 'area', {})).toThrow(expect.objectContaining({ code: 'GLID_USAGE' }));
    }
  });
});

describe('predict with regions', () => {
  it('gives one result a region, as for the parts on their own', async () => {
    using model = await build();
    const image = picture(80, 96);
    const regions = [
      { x: 8, y: 16, width: 40, height: 32 },
      { x: 32, y: 0, width: 64, height: 64 },
    ];
    const found = await model.predict(image, { regions });
    expectTypeOf(found[0]!.animals.scores).toEqualTypeOf<{ readonly [label: string]: number }>();
    expect(found).toHaveLength(2);
    for (const [i, { x, y, width, height }] of regions.entries()) {
      const alone = await model.predict(slice(image, [y, x, 0], [height, width, 3]));
      expectClose(Object.values(found[i]!.animals.scores), Object.values(alone.animals.scores), 2e-5);
      expectClose(found[i]!.field.data, alone.field.data, 1e-4);
    }
    await expect(model.predict(image, { regions: [] })).resolves.toEqual([]);
    const before = memory().numTensors;
    await model.predict(image, { regions, sampling: 'udp' });
    await expect(model.predict(image, { regions: [{ x: 200, y: 0, width: 4, height: 4 }] })).rejects.toMatchObject({
      code: 'GLID_USAGE',
    });
    // @ts-expect-error regions are parts of one picture
    await expect(model.predict([image], { regions })).rejects.toMatchObject({ code: 'GLID_USAGE' });
    expect(memory().numTensors).toBe(before);
  });
});

describe('flipTest', () => {
  it('is what the head makes of the picture and of its mirror image, padding or not', async () => {
    using model = await build();
    const images = [picture(40, 48, 1), picture(64, 24, 2)];
    const before = memory().numTensors;
    const together = await model.predict(images, { heads: ['field'], flipTest: true });
    expect(memory().numTensors).toBe(before);
    for (const [i, image] of images.entries()) {
      const straight = await model.predict(image, { heads: ['field'] });
      const { field } = await model.predict(reverse(image, 1), { heads: ['field'] });
      const width = field.width;
      const mean = straight.field.data.map((v, j) => {
        return (v + field.data[Math.floor(j / width) * width + width - 1 - (j % width)]!) / 2;
      });
      expectClose(together[i]!.field.data, mean, 1e-4 * Math.max(1, ...mean.map(Math.abs)));
    }
  });

  it('changes nothing for the mean of a symmetric picture with its own mirror image', async () => {
    using model = await build();
    const half = picture(32, 16);
    const image = concat([half, reverse(half, 1)], 1) as Tensor3D;
    const { field } = await model.predict(image, { heads: ['field'], flipTest: true });
    for (let y = 0; y < field.height; y++) {
      const row = field.data.subarray(y * field.width, (y + 1) * field.width);
      expectClose(row, row.toReversed(), 1e-5 * Math.max(1, ...row.map(Math.abs)));
    }
  });

  it('names a head that cannot', async () => {
    using model = await build();
    const asked = model.predict(picture(32, 32), { flipTest: true });
    await expect(asked).rejects.toMatchObject({ code: 'GLID_USAGE', message: expect.stringContaining("'animals'") });
  });
});
