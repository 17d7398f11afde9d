import { type HostArray, Random, type TargetField } from '@glid/base';
import { describe, expect, it } from 'vitest';
import { augment } from '../src/augment/augmentation.ts';
import { padTo, randomCrop } from '../src/augment/crop.ts';
import { randomFlip } from '../src/augment/flip.ts';
import { poseCrop } from '../src/augment/pose-crop.ts';
import { resizeTo } from '../src/augment/resize.ts';
import { randomRotation } from '../src/augment/rotate.ts';
import { makeSample, type Sample } from '../src/sample/sample.ts';
import { valuesOf } from './painted.ts';

const hole = 9;
const vectors = { kind: 'map', interpolation: 'bilinear', ignore: hole, negateOnFlip: [0] } as const;
/** x and y of a vector in each of 3 x 2 pixels; one pixel is unknown. */
const planes = Float32Array.of(1, 2, hole, 0, 5, 6, -1, -2, hole, -4, -5, -6);

function sample(field: TargetField = vectors, value: HostArray = { data: planes, shape: [2, 2, 3] }): Sample {
  const image = { width: 3, height: 2, data: new Uint8Array(18).fill(90) };
  const fields = { arrows: field, heading: { kind: 'value', negateOnFlip: [1] } } as const;
  return makeSample(image, fields, { arrows: value, heading: { data: Float32Array.of(3, 4), shape: [2] } });
}

const after = (...steps: Parameters<typeof augment>[1]): Sample => augment(sample(), steps, new Random(1));

describe('targets that hold directions', () => {
  it('mirroring moves them and negates the planes that are named; what is unknown stays unknown', () => {
    const mirrored = after(randomFlip(1));
    expect([...valuesOf(mirrored, 'arrows')]).toEqual([hole, -2, -1, -6, -5, 0, hole, -2, -1, -6, -5, -4]);
    expect([...valuesOf(mirrored, 'heading')]).toEqual([3, -4]);
    expect(mirrored.fields.arrows!.value.shape).toEqual([2, 2, 3]);
  });

  it('mirroring twice is the identity, however it is fused', () => {
    expect(after(randomFlip(1), randomFlip(1)).fields).toEqual(sample().fields);
    expect(after(randomFlip(1), randomCrop([2, 3]), randomFlip(1)).fields).toEqual(sample().fields);
  });

  it('scaling, cropping and padding leave the values as they are, in every plane', () => {
    const scaled = after(resizeTo([4, 6]));
    expect(scaled.fields.arrows!.value.shape).toEqual([2, 4, 6]);
    expect(Math.min(...valuesOf(scaled, 'arrows').filter((value) => value !== hole))).toBe(-6);
    expect([...valuesOf(after(randomCrop([1, 1]), padTo([1, 2])), 'arrows')].filter((v) => v === hole)).toHaveLength(2);
    expect([...valuesOf(scaled, 'heading')]).toEqual([3, 4]);
  });

  it('scaling and mirroring in one resampling give what they give apart', () => {
    const together = after(resizeTo([4, 6]), randomFlip(1));
    const apart = augment(after(resizeTo([4, 6])), [randomFlip(1)], new Random(1));
    expect(together.fields).toEqual(apart.fields);
  });

  it('a single plane [H, W] is plane 0', () => {
    const flow = sample(vectors, { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] });
    expect([...valuesOf(augment(flow, [randomFlip(1)], new Random(1)), 'arrows')]).toEqual([-3, -2, -1, -6, -5, -4]);
  });

  it('a top-down crop negates when it mirrors', () => {
    const focused: Sample = { ...sample(), focus: [0, 0, 3, 2] };
    const seen = (flip: number): HostArray['data'] =>
      valuesOf(augment(focused, [poseCrop({ size: [8, 12], chance: { flip } })], new Random(1)), 'heading');
    expect([...seen(0)]).toEqual([3, 4]);
    expect([...seen(1)]).toEqual([3, -4]);
  });

  it('a rotation is refused with the name of the target', () => {
    const rotation = [randomRotation({ degrees: 10 })];
    expect(() => after(...rotation)).toThrowError(/'arrows' holds directions.*Leave rotations out/s);
    const focused: Sample = { ...sample(), focus: [0, 0, 3, 2] };
    const turned = [poseCrop({ chance: { rotation: { probability: 1, degrees: 20 } } })];
    expect(() => augment(focused, turned, new Random(1))).toThrowError(/directions/);
  });

  it('planes that are not there and arrays without negative numbers are refused', () => {
    expect(() => sample({ ...vectors, negateOnFlip: [2] })).toThrowError(/no plane 2/);
    const bytes = { data: new Uint8Array(6), shape: [2, 3] };
    expect(() => sample(vectors, bytes)).toThrowError(/Uint8Array holds no negative numbers/);
  });
});
