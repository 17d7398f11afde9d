import { describe, expect, it } from 'vitest';
import {
  createCocoEvaluator,
  createDepthEvaluator,
  createPanopticEvaluator,
  createSemanticEvaluator,
  createVocEvaluator,
  GlidError,
} from '../index.ts';

interface Evaluator<Sample> {
  update(samples: Sample | readonly Sample[]): void;
  compute(): unknown;
  state(): unknown;
}

/** The update is refused with `GLID_DATA` naming picture and field, and nothing of it was counted. */
function expectRefused<Sample>(
  evaluator: Evaluator<Sample>,
  sample: unknown,
  id: number | string,
  field: string,
): void {
  const before = structuredClone([evaluator.state(), evaluator.compute()]);
  let error: unknown;
  try {
    evaluator.update(sample as Sample);
  } catch (thrown) {
    error = thrown;
  }
  if (!GlidError.isInstance(error, 'GLID_DATA')) throw error ?? new Error('nothing was thrown');
  expect(error.details).toMatchObject({ id, field });
  expect(error.message).toContain(`record ${JSON.stringify(id)}`);
  expect(error.message.endsWith(error.fix)).toBe(true);
  expect(structuredClone([evaluator.state(), evaluator.compute()])).toEqual(before);
}

const bbox = [0, 0, 4, 4] as const;
const mask = { size: [4, 4] as const, counts: [4, 8, 4] };

describe('the COCO evaluator refuses', () => {
  const categories = [{ id: 1 }];
  const good = { imageId: 1, truths: [{ categoryId: 1, bbox }], detections: [{ categoryId: 1, bbox, score: 1 }] };
  const evaluator = createCocoEvaluator({ task: 'bbox', categories });
  evaluator.update(good);

  const bad = (detection: object) => ({ ...good, imageId: 2, detections: [good.detections[0], detection] });
  it.each([
    ['a picture twice', good, 1, 'imageId'],
    ['an unknown category', bad({ categoryId: 7, bbox, score: 1 }), 2, 'detections[1].categoryId'],
    ['a NaN score', bad({ categoryId: 1, bbox, score: Number.NaN }), 2, 'detections[1].score'],
    ['a negative width', bad({ categoryId: 1, bbox: [0, 0, -1, 4], score: 1 }), 2, 'detections[1].bbox'],
    ['a NaN box', bad({ categoryId: 1, bbox: [0, Number.NaN, 1, 4], score: 1 }), 2, 'detections[1].bbox'],
    ['three numbers', bad({ categoryId: 1, bbox: [0, 1, 4], score: 1 }), 2, 'detections[1].bbox'],
    ['no box', bad({ categoryId: 1, score: 1 }), 2, 'detections[1].bbox'],
    ['a negative area', { ...good, imageId: 2, truths: [{ categoryId: 1, bbox, area: -1 }] }, 2, 'truths[0].area'],
  ])('%s', (_, sample, id, field) => expectRefused(evaluator, sample, id, field));

  const segm = createCocoEvaluator({ task: 'segm', categories });
  const masks = (segmentation: unknown, size: unknown = [4, 4]) => ({
    imageId: 'p',
    size,
    truths: [
      { categoryId: 1, segmentation: mask },
      { categoryId: 1, segmentation, id: 77 },
    ],
    detections: [],
  });
  it.each([
    ['runs that do not fill the mask', masks({ size: [4, 4], counts: [4, 8] })],
    ['a mask of another size', masks({ size: [2, 8], counts: [4, 8, 4] })],
    ['an outline of two points', masks([[0, 0, 4, 4]])],
    ['no outline', masks([])],
    ['a mask that is none', masks(5)],
    ['no mask', masks(undefined)],
  ])('%s', (_, sample) => expectRefused(segm, sample, 'p', 'truths[1].segmentation'));
  it('outlines without the size of their picture', () => {
    const sample = { imageId: 'p', truths: [{ categoryId: 1, segmentation: [[0, 0, 4, 4, 0, 4]] }], detections: [] };
    expectRefused(segm, sample, 'p', 'truths[0].segmentation');
  });
  it('masks of one picture that differ in size', () => {
    const other = { size: [2, 8], counts: [4, 8, 4] };
    const sample = {
      imageId: 'p',
      truths: [{ categoryId: 1, segmentation: mask }],
      detections: [{ categoryId: 1, segmentation: other, score: 1 }],
    };
    expect(() => segm.update(sample as never)).toThrow(/do not fit on each other/);
    expect(segm.compute().images).toBe(0);
  });

  const pose = createCocoEvaluator({ task: 'keypoints', categories, sigmas: [0.1] });
  it.each([
    ['too few numbers', { categoryId: 1, keypoints: [1, 2], area: 5 }, 'truths[0].keypoints'],
    ['NaN', { categoryId: 1, keypoints: [1, Number.NaN, 2], area: 5 }, 'truths[0].keypoints'],
    ['no area', { categoryId: 1, keypoints: [1, 1, 2] }, 'truths[0].area'],
    ['no joint and no box', { categoryId: 1, keypoints: [1, 1, 0], area: 5 }, 'truths[0].bbox'],
  ])('keypoints with %s', (_, truth, field) => {
    expectRefused(pose, { imageId: 1, truths: [truth], detections: [] }, 1, field);
  });

  it('options that make no sense, and merging what does not belong together', () => {
    for (const options of [
      { task: 'boxes' },
      { categories: [] },
      { categories: [{ id: 1 }, { id: 1 }] },
      { iouThresholds: [0.5, 0.4] },
      { maxDetections: [0] },
      { areaRanges: [] },
    ]) {
      expect(() => createCocoEvaluator({ task: 'bbox', categories, ...options } as never)).toThrow(
        /cannot use its option/,
      );
    }
    expect(() => evaluator.merge(segm.state())).toThrow(/different settings/);
    expect(() => evaluator.merge(structuredClone(evaluator.state()))).toThrow(/counted already/);
  });
});

describe('one bad picture among good ones', () => {
  const size = [1, 2] as const;
  const map = (...ids: number[]) => ({ size, ids, segments: [{ id: 1, categoryId: 1 }] });
  it('keeps all of them out', () => {
    const coco = createCocoEvaluator({ task: 'bbox', categories: [{ id: 1 }] });
    const boxes = (imageId: number, score: number) => ({
      imageId,
      truths: [{ categoryId: 1, bbox }],
      detections: [{ categoryId: 1, bbox, score }],
    });
    expectRefused(coco, [boxes(1, 1), boxes(2, Number.NaN)], 2, 'detections[0].score');
    expectRefused(coco, [boxes(1, 1), boxes(1, 1)], 1, 'imageId');
    const panoptic = createPanopticEvaluator({ categories: [{ id: 1, isThing: true }] });
    const segments = (imageId: number, ...ids: number[]) => ({ imageId, truth: map(1, 0), prediction: map(...ids) });
    expectRefused(panoptic, [segments(1, 1, 1), segments(2, 1, 2)], 2, 'prediction.ids');
    const semantic = createSemanticEvaluator({ labels: ['a', 'b'] });
    const pixels = (imageId: number, last: number) => ({ imageId, truth: [0, last], prediction: [0, 1] });
    expectRefused(semantic, [pixels(1, 1), pixels(2, 2)], 2, 'truth');
    semantic.update(pixels(1, 1));
    expect([...semantic.compute().confusion]).toEqual([1, 0, 0, 1]);
    const depth = createDepthEvaluator();
    const metres = (imageId: number, last: number) => ({ imageId, size, truth: [1, 1], prediction: [1, last] });
    expectRefused(depth, [metres(1, 1), metres(2, Number.NaN)], 2, 'prediction');
    const voc = createVocEvaluator({ labels: ['cat'] });
    const cats = (imageId: number, label: string) => ({ imageId, truths: [{ label, bbox }], detections: [] });
    expectRefused(voc, [cats(1, 'cat'), cats(2, 'dog')], 2, 'truths[0].label');
  });
});

describe('the panoptic evaluator refuses', () => {
  const evaluator = createPanopticEvaluator({ categories: [{ id: 1, isThing: true }] });
  const side = (ids: number[], ...segments: object[]) => ({ size: [1, 3], ids, segments });
  const one = { id: 1, categoryId: 1 };
  const truth = side([1, 1, 0], one);
  evaluator.update({ imageId: 1, truth, prediction: truth } as never);
  it.each([
    ['a picture twice', { imageId: 1, truth, prediction: truth }, 'imageId'],
    ['an id that is not listed', { imageId: 1.5, truth, prediction: side([1, 2, 2], one) }, 'prediction.ids'],
    [
      'an id of the truth that is not listed',
      { imageId: 1.5, truth: side([1, 2, 2], one), prediction: truth },
      'truth.ids',
    ],
    [
      'a segment without pixels',
      { imageId: 1.5, truth, prediction: side([1, 1, 1], one, { id: 2, categoryId: 1 }) },
      'prediction.segments',
    ],
    ['a segment twice', { imageId: 1.5, truth, prediction: side([1, 1, 1], one, one) }, 'prediction.segments[1]'],
    [
      'an unknown category',
      { imageId: 1.5, truth, prediction: side([1, 1, 1], { id: 1, categoryId: 2 }) },
      'prediction.segments[0]',
    ],
    [
      'void as a segment',
      { imageId: 1.5, truth, prediction: side([1, 1, 1], { id: 0, categoryId: 1 }) },
      'prediction.segments[0]',
    ],
    [
      'an area that is none',
      { imageId: 1.5, truth: side([1, 1, 1], { ...one, area: -3 }), prediction: truth },
      'truth.segments[0].area',
    ],
    [
      'an area that cannot be',
      { imageId: 1.5, truth: side([1, 1, 1], { ...one, area: 1 }), prediction: truth },
      'truth.segments[0].area',
    ],
    ['another size', { imageId: 1.5, truth, prediction: { ...truth, size: [3, 1] } }, 'prediction.size'],
    ['too few pixels', { imageId: 1.5, truth, prediction: side([1, 1], one) }, 'prediction.ids'],
  ])('%s', (_, sample, field) => expectRefused(evaluator, sample, sample.imageId, field));
});

describe('the semantic evaluator refuses', () => {
  const evaluator = createSemanticEvaluator({ labels: ['a', 'b'] });
  evaluator.update({ imageId: 1, truth: [0, 1], prediction: [0, 1] });
  it.each([
    ['a class beyond the labels', { imageId: 2, truth: [0, 2], prediction: [0, 1] }, 'truth'],
    ['a prediction beyond the labels', { imageId: 2, truth: [0, 255], prediction: [0, 255] }, 'prediction'],
    ['another size', { imageId: 2, truth: [0, 1, 1], prediction: [0, 1] }, 'prediction'],
    ['a picture twice', { imageId: 1, truth: [0, 1], prediction: [0, 1] }, 'imageId'],
  ])('%s', (_, sample, field) => expectRefused(evaluator, sample, sample.imageId, field));
  it('an ignored class', () => {
    expect(() => createSemanticEvaluator({ labels: ['a'], ignore: 0 })).toThrow(/do not go together/);
  });
});

describe('the depth evaluator refuses', () => {
  const evaluator = createDepthEvaluator();
  it.each([
    ['a NaN prediction', { size: [1, 2], truth: [1, 2], prediction: [1, Number.NaN] }, 'prediction'],
    ['an infinite prediction', { size: [1, 2], truth: [1, 2], prediction: [1, 1 / 0] }, 'prediction'],
    ['a NaN ground truth', { size: [1, 2], truth: [1, Number.NaN], prediction: [1, 1] }, 'truth'],
    ['another size', { size: [1, 2], truth: [1, 2], prediction: [1] }, 'prediction'],
  ])('%s', (_, sample, field) => expectRefused(evaluator, { imageId: 4, ...sample }, 4, field));
  it('a range that is none', () => {
    expect(() => createDepthEvaluator({ minDepth: 0 })).toThrow(/cannot be evaluated from 0/);
  });
});

describe('the VOC evaluator refuses', () => {
  const evaluator = createVocEvaluator({ labels: ['cat'] });
  const detection = { label: 'cat', bbox, score: 1 };
  it.each([
    ['an unknown class', { truths: [], detections: [{ ...detection, label: 'dog' }] }, 'detections[0].label'],
    ['an unknown true class', { truths: [{ label: 'dog', bbox }], detections: [] }, 'truths[0].label'],
    ['a NaN score', { truths: [], detections: [{ ...detection, score: Number.NaN }] }, 'detections[0].score'],
    ['a negative box', { truths: [{ label: 'cat', bbox: [0, 0, -1, 1] }], detections: [] }, 'truths[0].bbox'],
  ])('%s', (_, sample, field) => expectRefused(evaluator, { imageId: 4, ...sample }, 4, field));
});
