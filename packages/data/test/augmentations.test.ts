import { Random } from '@glid/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shiftHueAndSaturation } from '../src/augment/hue-saturation.ts';
import { shortSideFloor, shortSideRound } from '../src/augment/resize.ts';
import {
  augment,
  cropBorder,
  gammaBrightnessColor,
  loadBatches,
  makeSample,
  onePerObject,
  photometricJitter,
  poseCrop,
  poseMatrix,
  presets,
  type Sample,
  syntheticFigures,
  syntheticScenes,
} from '../src/index.ts';
import { paintedSample, valuesOf } from './painted.ts';

const picture = (values: readonly number[]): Sample =>
  makeSample({ width: values.length / 3, height: 1, data: Uint8Array.from(values) }, {}, {});

describe('resize rules', () => {
  it('are those of DETR and of detectron2', () => {
    expect(shortSideFloor([480, 640], 800, 1333)).toEqual([800, 1066]);
    expect(shortSideFloor([427, 640], 800, 1333)).toEqual([800, 1199]);
    expect(shortSideFloor([300, 900], 800, 1333)).toEqual([444, 1332]);
    expect(shortSideRound([480, 640], 512, 2048)).toEqual([512, 683]);
    expect(shortSideRound([100, 900], 512, 2048)).toEqual([228, 2048]);
  });
});

describe('colour', () => {
  it('turns hue and scales saturation in the hexcone', () => {
    const red = Uint8Array.from([200, 0, 0]);
    expect([...shiftHueAndSaturation(red, 1 / 3, 1)]).toEqual([0, 200, 0]);
    expect([...shiftHueAndSaturation(red, -1 / 3, 1)]).toEqual([0, 0, 200]);
    expect([...shiftHueAndSaturation(red, 0, 0.5)]).toEqual([200, 100, 100]);
    expect([...shiftHueAndSaturation(Uint8Array.from([90, 90, 90]), 0.4, 3)]).toEqual([90, 90, 90]);
  });

  it('keeps the value, undoes itself and equals the identity at zero', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (rgb, turns) => {
          const image = Float32Array.from(rgb);
          const turned = shiftHueAndSaturation(image, turns, 1);
          expect(Math.max(...turned)).toBeCloseTo(Math.max(...rgb), 3);
          const back = shiftHueAndSaturation(turned, -turns, 1);
          rgb.forEach((v, i) => {
            expect(back[i]).toBeCloseTo(v, 1);
          });
        },
      ),
    );
  });

  it('of SSD stays in its ranges and is quiet at probability 0', () => {
    const sample = picture([10, 100, 250, 128, 128, 128]);
    expect(augment(sample, [photometricJitter({ probability: 0 })], new Random(1))).toBe(sample);
    const bright = augment(
      sample,
      [photometricJitter({ contrast: [1, 1], saturation: [1, 1], hue: 0, probability: 1 })],
      new Random(3),
    );
    const shift = bright.image[3]! - 128;
    expect(Math.abs(shift)).toBeLessThanOrEqual(32);
    expect(bright.image[0]).toBe(Math.max(0, 10 + shift));
  });

  it('of AdaBins is one power law a channel', () => {
    const sample = picture([64, 64, 64, 128, 128, 128, 255, 255, 255]);
    const { image } = augment(sample, [gammaBrightnessColor(1)], new Random(5));
    expect(image).toBeInstanceOf(Float32Array);
    for (const c of [0, 1, 2]) {
      const [a, b] = [image[c]!, image[3 + c]!];
      const gamma = Math.log(b / a) / Math.log(2);
      expect(gamma).toBeGreaterThan(0.9 - 1e-4);
      expect(gamma).toBeLessThan(1.1 + 1e-4);
      const factor = b / ((128 / 255) ** gamma * 255);
      expect(factor).toBeGreaterThan(0.75 * 0.9 - 1e-3);
      expect(factor).toBeLessThan(1.25 * 1.1 + 1e-3);
    }
  });
});

describe('cropBorder', () => {
  it('cuts rows 45:472 and columns 43:608 of NYU, and in proportion', () => {
    const border = { top: 45, bottom: 8, left: 43, right: 32 };
    const full = paintedSample(640, 480, []);
    expect(augment(full, [cropBorder(border, [480, 640])], new Random(0)).meta.crop).toEqual({
      x: 43,
      y: 45,
      width: 565,
      height: 427,
    });
    const half = paintedSample(320, 240, []);
    expect(augment(half, [cropBorder(border, [480, 640])], new Random(0)).size).toEqual([213, 282]);
  });
});

describe('poseCrop', () => {
  const focused = (): Sample => ({ ...paintedSample(120, 160, [[40, 50, 70, 110]]), focus: [40, 50, 70, 110] });

  it('follows the UDP formulas: x_in = x_out * scale / (W - 1) + centre - scale / 2 between pixel indices', () => {
    const frame = { center: [61.5, 80.25] as const, width: 90, height: 120 };
    const [a, b, c, d, e, f] = poseMatrix(frame, [256, 192], 0, false);
    for (const [x, y] of [
      [0, 0],
      [191, 255],
      [33, 140],
    ] as const) {
      const index = { x: a * (x + 0.5) + b * (y + 0.5) + c - 0.5, y: d * (x + 0.5) + e * (y + 0.5) + f - 0.5 };
      expect(index.x).toBeCloseTo((x * 90) / 191 + (61.5 - 0.5) - 45, 9);
      expect(index.y).toBeCloseTo((y * 120) / 255 + (80.25 - 0.5) - 60, 9);
    }
  });

  it('rotates by the UDP matrix: scale * (R (x - centre) + frame / 2)', () => {
    const frame = { center: [50, 60] as const, width: 80, height: 100 };
    const [a, b, c, d, e, f] = poseMatrix(frame, [101, 81], 30, false);
    const [cos, sin] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const [ox, oy] = [12.5, 70.5];
    const [dx, dy] = [a * ox + b * oy + c - 50, d * ox + e * oy + f - 60];
    expect((80 / 80) * (cos * dx - sin * dy + 40) + 0.5).toBeCloseTo(ox, 9);
    expect((100 / 100) * (sin * dx + cos * dy + 50) + 0.5).toBeCloseTo(oy, 9);
  });

  it('mirrored is the mirrored crop, without any shift', () => {
    const frame = { center: [55, 80] as const, width: 90, height: 120 };
    const [a, b, c] = poseMatrix(frame, [128, 96], 0, false);
    const [ma, mb, mc] = poseMatrix(frame, [128, 96], 0, true);
    for (const x of [0.5, 17, 95.5]) expect(ma * (96 - x) + mb * 3 + mc).toBeCloseTo(a * x + b * 3 + c, 9);
  });

  it('widens the box to the aspect ratio and by a quarter, and says so in the meta data', () => {
    const { meta, size } = augment(focused(), [poseCrop({ size: [256, 192] })], new Random(0));
    expect(size).toEqual([256, 192]);
    // 30 x 60 grows to 45 x 60, times 1.25; edges lie half an output pixel outside of the frame.
    expect(meta.crop!.width).toBeCloseTo((56.25 * 192) / 191, 6);
    expect(meta.crop!.height).toBeCloseTo((75 * 256) / 255, 6);
    expect(meta.crop!.x + meta.crop!.width / 2).toBeCloseTo(55, 6);
    expect(meta.crop!.y + meta.crop!.height / 2).toBeCloseTo(80, 6);
  });

  it('carries joints with the picture under all chance', () => {
    const pipeline = [
      poseCrop({
        size: [128, 96],
        chance: {
          flip: 0.5,
          scale: 0.3,
          rotation: { probability: 1, degrees: 30 },
          shift: { probability: 1, amount: 0.4 },
        },
      }),
    ];
    for (let seed = 0; seed < 40; seed++) {
      const before = focused();
      const after = augment(before, pipeline, new Random(seed));
      const points = valuesOf(after, 'points');
      for (const k of [0, 1]) {
        const [x, y] = [Math.floor(points[k * 3]!), Math.floor(points[k * 3 + 1]!)];
        expect(points[k * 3 + 2]).toBe(2);
        if (x < 1 || y < 1 || x >= 95 || y >= 127) continue;
        // A corner pixel of the grey rectangle: it must be partly grey at its new place.
        expect(after.image[(y * 96 + x) * 3]).toBeGreaterThan(5);
      }
    }
  });

  it('looks at half bodies', () => {
    const crop = poseCrop({
      chance: { halfBody: { probability: 1, moreThan: 8, padding: 1.5, upper: presets.cocoUpperBody } },
    });
    const seen = new Set<string>();
    const joints = Float32Array.from({ length: 51 }, (_, i) => [20 + (i % 7), 10 + 8 * Math.floor(i / 3), 2][i % 3]!);
    for (let seed = 0; seed < 20; seed++) {
      const sample = makeSample(
        { width: 60, height: 160, data: new Uint8Array(60 * 160 * 3) },
        { joints: { kind: 'points' } },
        { joints: { data: joints, shape: [1, 17, 3] } },
      );
      const { crop: fed } = augment({ ...sample, focus: [10, 10, 50, 150] }, [crop], new Random(seed)).meta;
      seen.add((fed!.y + fed!.height / 2).toFixed(0));
    }
    // Mean rows of joints 0..10 and 11..16.
    expect([...seen].sort()).toEqual(['118', '50']);
  });

  it('refuses samples without an object', () => {
    expect(() => augment(paintedSample(40, 40, []), [poseCrop()], new Random(0))).toThrowError(/onePerObject/);
  });
});

describe('presets', () => {
  const scene = paintedSample(640, 480, [[100, 100, 300, 400]]);
  const range = Array.from({ length: 25 }, (_, seed) => seed);

  it('detr: short side of 480 to 800, long side at most 1333', () => {
    for (const seed of range.slice(0, 6)) {
      const { size } = augment(scene, presets.detr.train(), new Random(seed));
      expect(Math.min(...size) % 32 === 0 || Math.max(...size) >= 1332).toBe(true);
      expect(Math.max(...size)).toBeLessThanOrEqual(1333);
    }
    expect(augment(scene, presets.detr.test(), new Random(0)).size).toEqual([800, 1066]);
  });

  it('mask2FormerAde20k: always the crop size', () => {
    for (const seed of range.slice(0, 6)) {
      const sample = augment(scene, presets.mask2FormerAde20k.train({ crop: 128 }), new Random(seed));
      expect(sample.size).toEqual([128, 128]);
    }
    expect(augment(scene, presets.mask2FormerAde20k.test({ crop: 128 }), new Random(0)).size).toEqual([128, 171]);
  });

  it('nyuDepth: 416 x 544 from NYU pictures, untouched at test time', () => {
    const sample = augment(scene, presets.nyuDepth.train(), new Random(1));
    expect(sample.size).toEqual([416, 544]);
    expect(presets.nyuDepth.test()).toEqual([]);
  });

  it('vitPose and small.pose: fixed size from records of one object', async () => {
    const people = await onePerObject(syntheticScenes({ length: 12, size: 96 }));
    const figures = await onePerObject(syntheticFigures({ length: 4 }));
    for (const dataset of [people, figures]) {
      for (const pipeline of [
        presets.vitPose.train(),
        presets.vitPose.test(),
        presets.small.pose.train({ size: [256, 192] }),
      ]) {
        for await (const batch of loadBatches({ dataset, pipeline, batchSize: 2, epochs: 1 })) {
          expect(batch.images.shape.slice(1)).toEqual([256, 192, 3]);
        }
      }
    }
    expect((await people.get(0)).objects!.length).toBe(1);
  });

  it('small and maePretrain: fixed sizes whatever the picture', () => {
    const tasks = ['pretrain', 'detection', 'segmentation', 'depth'] as const;
    for (const seed of range.slice(0, 5)) {
      for (const task of tasks) {
        expect(augment(scene, presets.small[task].train(), new Random(seed)).size).toEqual([128, 128]);
        expect(augment(scene, presets.small[task].test({ size: [96, 160] }), new Random(seed)).size).toEqual([96, 160]);
      }
      expect(augment(scene, presets.maePretrain.train(), new Random(seed)).size).toEqual([224, 224]);
    }
    expect(augment(scene, presets.maePretrain.test(), new Random(0)).meta.crop).toEqual({
      x: 80,
      y: 0,
      width: 480,
      height: 480,
    });
  });
});
