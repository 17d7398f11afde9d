import { Random } from '@glid/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Augmentation, augment } from '../src/augment/augmentation.ts';
import { padTo, randomCrop, randomResizedCrop } from '../src/augment/crop.ts';
import { randomFlip } from '../src/augment/flip.ts';
import { resizeTo } from '../src/augment/resize.ts';
import { randomRotation } from '../src/augment/rotate.ts';
import { applyGeometry } from '../src/geometry/apply-geometry.ts';
import { cropGeometry, flipGeometry, resizeGeometry, wholeRect } from '../src/geometry/geometry.ts';
import type { Sample } from '../src/sample/sample.ts';
import { extentOf, paintedSample, type Rectangle, valuesOf } from './painted.ts';

const sides = fc.integer({ min: 24, max: 48 });

/** One or two disjoint rectangles in the left and right half. */
const scenes = fc
  .tuple(
    sides,
    sides,
    fc.array(fc.tuple(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6)), { minLength: 1, maxLength: 2 }),
  )
  .map(([width, height, draws]) => {
    const half = Math.floor(width / 2);
    const rectangles = draws.map(([a, b, c, d], n): Rectangle => {
      const x0 = n * half + (a % (half - 4));
      const y0 = b % (height - 4);
      return [x0, y0, x0 + 3 + (c % (n * half + half - x0 - 3)), y0 + 3 + (d % (height - y0 - 3))];
    });
    return paintedSample(width, height, rectangles);
  });

/** Masks, boxes, map and picture of an unscaled sample must tell the same, exactly. */
function expectConsistent(sample: Sample): void {
  const [height, width] = sample.size;
  const plane = height * width;
  const boxes = valuesOf(sample, 'boxes');
  const masks = valuesOf(sample, 'masks');
  const labels = valuesOf(sample, 'labels');
  const classes = valuesOf(sample, 'classes');
  const depth = valuesOf(sample, 'depth');
  for (let n = 0; n < labels.length; n++) {
    const grey = 60 + 40 * labels[n]!;
    const box = [...boxes.subarray(n * 4, n * 4 + 4)];
    expect(extentOf(width, plane, (i) => masks[n * plane + i] === 1)).toEqual(box);
    expect(extentOf(width, plane, (i) => sample.image[i * 3] === grey)).toEqual(box);
    expect(extentOf(width, plane, (i) => classes[i] === labels[n]! + 1)).toEqual(box);
    expect(extentOf(width, plane, (i) => depth[i] === labels[n]! + 2)).toEqual(box);
  }
}

describe('mirroring', () => {
  it('twice is the identity for every kind of target', () => {
    fc.assert(
      fc.property(scenes, (sample) => {
        const flip = flipGeometry(sample.size);
        const once = applyGeometry(sample, flip);
        expectConsistent(once);
        expect(once.meta.flippedHorizontally).toBe(true);
        expect(applyGeometry(once, flip)).toEqual(sample);
      }),
    );
  });

  it('swaps flip pairs: the left point stays the left one of the mirrored body', () => {
    const sample = paintedSample(20, 10, [[2, 3, 7, 8]]);
    const points = valuesOf(applyGeometry(sample, flipGeometry(sample.size)), 'points');
    expect([...points]).toEqual([13.5, 7.5, 2, 17.5, 3.5, 2]);
  });
});

describe('cropping and padding', () => {
  it('cut all targets alike and drop what vanished', () => {
    fc.assert(
      fc.property(scenes, fc.nat(1e6), (sample, seed) => {
        const before = sample.fields.labels!.value.shape[0]!;
        const cropped = augment(sample, [randomCrop([16, 16]), randomFlip()], new Random(seed));
        expectConsistent(cropped);
        const left = valuesOf(cropped, 'labels').length;
        expect(left).toBeLessThanOrEqual(before);
        for (const name of ['boxes', 'points', 'masks']) {
          expect(cropped.fields[name]!.value.shape[0]).toBe(left);
        }
        expect(valuesOf(cropped, 'whole')).toEqual(Float32Array.of(7));
        const padded = augment(cropped, [padTo([20, 30])], new Random(0));
        expectConsistent(padded);
        expect(padded.meta.resizedSize).toEqual([16, 16]);
        expect(padded.size).toEqual([20, 30]);
        expect(valuesOf(padded, 'classes')[29]).toBe(255);
        expect(valuesOf(padded, 'depth')[29]).toBe(0);
      }),
    );
  });

  it('make points outside unlabelled', () => {
    const sample = paintedSample(30, 30, [[2, 2, 20, 20]]);
    const cropped = applyGeometry(sample, cropGeometry({ x: 5, y: 0, width: 25, height: 25 }));
    expect([...valuesOf(cropped, 'points')]).toEqual([0, 0, 0, 14.5, 19.5, 2]);
    expect([...valuesOf(cropped, 'boxes')]).toEqual([0, 2, 15, 20]);
  });

  it('refuse a geometry after padding', () => {
    const steps = [padTo([60, 60]), randomFlip(1)];
    expect(() => augment(paintedSample(30, 30, [[2, 2, 20, 20]]), steps, new Random(0))).toThrowError(/padding last/);
  });
});

describe('scaling', () => {
  it('by a whole factor repeats masks and multiplies boxes and points', () => {
    fc.assert(
      fc.property(scenes, (sample) => {
        const [height, width] = sample.size;
        const scaled = applyGeometry(sample, resizeGeometry(wholeRect(sample.size), [height * 2, width * 2]));
        const plane = height * width * 4;
        const masks = valuesOf(scaled, 'masks');
        for (let n = 0; n < valuesOf(scaled, 'labels').length; n++) {
          const box = [...valuesOf(sample, 'boxes').subarray(n * 4, n * 4 + 4)].map((v) => v * 2);
          expect([...valuesOf(scaled, 'boxes').subarray(n * 4, n * 4 + 4)]).toEqual(box);
          expect(extentOf(width * 2, plane, (i) => masks[n * plane + i] === 1)).toEqual(box);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keeps boxes within a pixel of the painted rectangle at any factor', () => {
    fc.assert(
      fc.property(scenes, sides, sides, (sample, width, height) => {
        const scaled = augment(sample, [resizeTo([height, width])], new Random(0));
        const masks = valuesOf(scaled, 'masks');
        const plane = height * width;
        for (let n = 0; n < valuesOf(scaled, 'labels').length; n++) {
          const drawn = extentOf(width, plane, (i) => masks[n * plane + i] === 1)!;
          const box = valuesOf(scaled, 'boxes').subarray(n * 4, n * 4 + 4);
          for (const [k, edge] of drawn.entries()) expect(Math.abs(edge - box[k]!)).toBeLessThanOrEqual(0.5 + 1e-5);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('rotation', () => {
  it('carries points and masks with the picture', () => {
    fc.assert(
      fc.property(scenes, fc.nat(1e6), (sample, seed) => {
        const turned = augment(sample, [randomRotation({ degrees: 40 })], new Random(seed));
        const [height, width] = turned.size;
        const masks = valuesOf(turned, 'masks');
        const boxes = valuesOf(turned, 'boxes');
        const points = valuesOf(turned, 'points');
        const plane = height * width;
        for (let n = 0; n < valuesOf(turned, 'labels').length; n++) {
          const extent = extentOf(width, plane, (i) => masks[n * plane + i] === 1)!;
          expect([...boxes.subarray(n * 4, n * 4 + 4)]).toEqual(extent);
          for (const k of [0, 1]) {
            const [x, y, v] = points.subarray((n * 2 + k) * 3, (n * 2 + k) * 3 + 3) as unknown as number[];
            if (v === 0) continue;
            // Corner pixels of a rectangle stay within a pixel of its turned mask.
            let nearest = Number.POSITIVE_INFINITY;
            for (let i = 0; i < plane; i++) {
              if (masks[n * plane + i] === 0) continue;
              nearest = Math.min(nearest, Math.hypot((i % width) + 0.5 - x!, Math.floor(i / width) + 0.5 - y!));
            }
            expect(nearest).toBeLessThan(1.5);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('by a quarter turn moves every pixel exactly', () => {
    const sample = paintedSample(31, 31, [[3, 5, 9, 20]]);
    const quarter = { kind: 'affine', matrix: [0, 1, 0, -1, 0, 31], output: [31, 31], fill: [0, 0, 0] } as const;
    const turned = applyGeometry(sample, quarter);
    expectConsistent(turned);
    expect([...valuesOf(turned, 'boxes')]).toEqual([11, 3, 26, 9]);
    expect([...valuesOf(turned, 'points')]).toEqual([25.5, 3.5, 2, 11.5, 8.5, 2]);
  });
});

describe('fusing', () => {
  // Sides of 16 or 64 pixels: a nearest neighbour is then never a tie, which mirroring would break the other way.
  const unfused = (sample: Sample, steps: readonly Augmentation[], seed: number): Sample => {
    const random = new Random(seed);
    return steps.reduce((current, step) => augment(current, [step], random), sample);
  };
  const pipelines: Record<string, readonly Augmentation[]> = {
    'flip, resize, crop, pad': [randomFlip(), resizeTo([64, 64]), randomCrop([30, 28]), padTo([33, 40])],
    'crop, flip, crop, resize, flip': [
      randomCrop([22, 23]),
      randomFlip(),
      randomCrop([20, 20]),
      resizeTo([64, 16]),
      randomFlip(),
    ],
    'resize, crop, resize, flip': [resizeTo([40, 30]), randomCrop([21, 25]), resizeTo([25, 25]), randomFlip()],
    'flip, rotate, crop, flip': [randomFlip(), randomRotation({ degrees: 20 }), randomCrop([18, 20]), randomFlip()],
    'resized crop, flip': [randomResizedCrop({ size: [20, 24] }), randomFlip()],
  };
  it.each(Object.keys(pipelines))('gives what step by step gives: %s', (name) => {
    fc.assert(
      fc.property(scenes, fc.nat(1e6), (sample, seed) => {
        const fused = augment(sample, pipelines[name]!, new Random(seed));
        const stepwise = unfused(sample, pipelines[name]!, seed);
        expect(fused.size).toEqual(stepwise.size);
        // Sums run in mirrored order: a half may round the other way.
        for (let i = 0; i < fused.image.length; i++) {
          expect(Math.abs(fused.image[i]! - stepwise.image[i]!)).toBeLessThanOrEqual(1);
        }
        for (const field of ['labels', 'masks', 'classes']) {
          expect(valuesOf(fused, field)).toEqual(valuesOf(stepwise, field));
        }
        // After a rotation boxes are fitted to masks, which are cut earlier when fused; the region is approximate.
        const rotated = name.includes('rotate');
        for (const field of rotated ? ['points'] : ['boxes', 'points', 'depth']) {
          const [a, b] = [valuesOf(fused, field), valuesOf(stepwise, field)];
          expect(a.length).toBe(b.length);
          for (let i = 0; i < a.length; i++) expect(a[i]).toBeCloseTo(b[i]!, 3);
        }
        expect(fused.meta.flippedHorizontally).toBe(stepwise.meta.flippedHorizontally);
        expect(fused.meta.resizedSize).toEqual(stepwise.meta.resizedSize);
        for (const key of rotated ? [] : (['x', 'y', 'width', 'height'] as const)) {
          expect(fused.meta.crop?.[key] ?? -1).toBeCloseTo(stepwise.meta.crop?.[key] ?? -1, 6);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('meta data', () => {
  it('leads from network input back to original pixels', () => {
    fc.assert(
      fc.property(scenes, fc.nat(1e6), (sample, seed) => {
        const steps = [randomFlip(), randomCrop([20, 21]), resizeTo([37, 50]), randomCrop([30, 30]), randomFlip()];
        const moved = augment(sample, steps, new Random(seed));
        const { crop, flippedHorizontally, resizedSize } = moved.meta;
        const kept = valuesOf(moved, 'labels');
        for (let n = 0; n < kept.length; n++) {
          for (const k of [0, 1]) {
            const at = (n * 2 + (flippedHorizontally ? 1 - k : k)) * 3;
            const [x, y, v] = valuesOf(moved, 'points').subarray(at, at + 3) as unknown as number[];
            if (v === 0) continue;
            const from = (kept[n]! * 2 + k) * 3;
            const across = flippedHorizontally ? resizedSize[1] - x! : x!;
            expect(crop!.x + (across * crop!.width) / resizedSize[1]).toBeCloseTo(valuesOf(sample, 'points')[from]!, 3);
            expect(crop!.y + (y! * crop!.height) / resizedSize[0]).toBeCloseTo(
              valuesOf(sample, 'points')[from + 1]!,
              3,
            );
          }
        }
      }),
    );
  });
});
