import { describe, expect, it } from 'vitest';
import type { DepthMetrics } from '../index.ts';
import {
  createCocoEvaluator,
  createDepthEvaluator,
  createPanopticEvaluator,
  createSemanticEvaluator,
  createVocEvaluator,
  eigenCrop,
  encodeMask,
} from '../index.ts';

describe('COCO evaluation', () => {
  const categories = [{ id: 1, name: 'thing' }];
  const corners = ([x0, y0, x1, y1]: [number, number, number, number]) => [x0, y0, x1 - x0, y1 - y0] as const;

  it('of one box', () => {
    const evaluator = createCocoEvaluator({ task: 'bbox', categories });
    evaluator.update({
      imageId: 0,
      truths: [{ categoryId: 1, bbox: corners([214, 41, 562, 285]) }],
      detections: [{ categoryId: 1, score: 0.536, bbox: corners([258, 41, 606, 285]) }],
    });
    const { stats, perCategory } = evaluator.compute();
    for (const [name, value] of Object.entries(stats)) {
      const expected = /small|medium/.test(name) ? -1 : /50|75/.test(name) ? 1 : 0.6;
      expect(value, name).toBeCloseTo(expected, 12);
    }
    expect(Object.keys(stats)).toHaveLength(12);
    expect(perCategory).toMatchObject([{ id: 1, name: 'thing' }]);
  });

  it('lets a crowd absorb detections, and a second detection of one object be wrong', () => {
    const mask = (...columns: number[]) =>
      encodeMask(
        Array.from({ length: 40 }, (_, i) => +columns.includes(i % 10)),
        [4, 10],
      );
    const evaluator = createCocoEvaluator({ task: 'segm', categories });
    evaluator.update({
      imageId: 'a',
      truths: [
        { categoryId: 1, segmentation: mask(5, 6, 7, 8), crowd: true },
        { categoryId: 1, segmentation: mask(0, 1) },
      ],
      detections: [
        { categoryId: 1, score: 0.9, segmentation: mask(5) },
        { categoryId: 1, score: 0.8, segmentation: mask(0, 1) },
        { categoryId: 1, score: 0.7, segmentation: mask(8) },
        { categoryId: 1, score: 0.6, segmentation: mask(0, 1) },
      ],
    });
    const { stats } = evaluator.compute();
    expect(stats.AP).toBeCloseTo(1, 12);
    expect(stats['AR@100']).toBe(1);
    expect(evaluator.precisionRecall({ categoryId: 1 })?.recall).toBe(1);
  });

  it('takes an overlap that is whole but for rounding as whole', () => {
    const evaluator = createCocoEvaluator({ task: 'bbox', categories, iouThresholds: [1] });
    evaluator.update({
      imageId: 1,
      truths: [{ categoryId: 1, bbox: [0, 0, 10, 10] }],
      detections: [{ categoryId: 1, score: 1, bbox: [0, 0, 10, 10 - 1e-11] }],
    });
    expect(evaluator.compute().stats.AP).toBeCloseTo(1, 12);
  });

  it('reads precision over recall', () => {
    const evaluator = createCocoEvaluator({ task: 'bbox', categories, iouThresholds: [0.5] });
    evaluator.update({
      imageId: 1,
      truths: [0, 20].map((x) => ({ categoryId: 1, bbox: [x, 0, 10, 10] as const })),
      detections: [0, 50, 20].map((x, i) => ({ categoryId: 1, score: 1 - i / 10, bbox: [x, 0, 10, 10] as const })),
    });
    const curve = evaluator.precisionRecall({ categoryId: 1 })!;
    expect([0, 50, 51, 100].map((r) => curve.precision[r])).toEqual(
      [1, 1, 2 / 3, 2 / 3].map((p) => expect.closeTo(p, 12)),
    );
    expect(evaluator.compute().stats.AP).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12);
    expect(() => evaluator.precisionRecall({ categoryId: 7 })).toThrow(/was not evaluated/);
  });
});

describe('panoptic quality', () => {
  const categories = [0, 1, 6, 7].map((id) => ({ id, isThing: id < 2 }));
  /** Rows of [category, instance] pairs; category 9 is void. */
  const map = (rows: readonly (readonly [number, number])[][], isTruth: boolean) => {
    const pixels = rows.flat();
    // Stuff is one segment a category, however it is numbered.
    const keys = pixels.map(([category, instance]) => (category > 5 ? `${category}` : `${category},${instance}`));
    const names = [...new Set(keys.filter((key) => isTruth || key !== '9'))];
    return {
      size: [rows.length, rows[0]!.length] as const,
      ids: keys.map((key) => (key === '9' ? 0 : names.indexOf(key) + 1)),
      segments: names
        .map((name, i) => ({ id: i + 1, categoryId: Number(name.split(',')[0]) }))
        .filter(({ categoryId }) => categoryId !== 9),
    };
  };

  it('of the documented 5 x 5 example', () => {
    const evaluator = createPanopticEvaluator({ categories });
    const [p, t] = [
      [
        [
          [6, 0],
          [0, 0],
          [6, 0],
          [6, 0],
          [0, 1],
        ],
        [
          [0, 0],
          [0, 0],
          [6, 0],
          [0, 1],
          [0, 1],
        ],
        [
          [0, 0],
          [0, 0],
          [6, 0],
          [0, 1],
          [1, 0],
        ],
        [
          [0, 0],
          [7, 0],
          [6, 0],
          [1, 0],
          [1, 0],
        ],
        [
          [0, 0],
          [7, 0],
          [7, 0],
          [7, 0],
          [7, 0],
        ],
      ],
      [
        [
          [6, 0],
          [6, 0],
          [6, 0],
          [6, 0],
          [0, 0],
        ],
        [
          [0, 1],
          [0, 1],
          [6, 0],
          [0, 0],
          [0, 0],
        ],
        [
          [0, 1],
          [0, 1],
          [6, 0],
          [1, 0],
          [1, 0],
        ],
        [
          [0, 1],
          [7, 0],
          [7, 0],
          [1, 0],
          [1, 0],
        ],
        [
          [0, 1],
          [7, 0],
          [7, 0],
          [7, 0],
          [7, 0],
        ],
      ],
    ] as [number, number][][][];
    evaluator.update({ imageId: 1, truth: map(t!, true), prediction: map(p!, false) });
    const { perCategory, all } = evaluator.compute();
    expect(perCategory.map(({ PQ }) => PQ).sort()).toEqual(
      [0.714286, 0.75, 0.803571, 0.833333].map((value) => expect.closeTo(value, 6)),
    );
    expect(all.PQ).toBeCloseTo(0.7753, 4);
  });

  it('of the documented example with one category missed', () => {
    const evaluator = createPanopticEvaluator({ categories });
    const rows = (text: string): [number, number][][] =>
      text.split(' | ').map((row) => row.split(' ').map((pixel) => [Number(pixel[0]), Number(pixel[1] ?? 0)]));
    const prediction = rows('6 0 6 6 | 0 0 6 01 | 0 0 6 01 | 0 7 6 1 | 0 7 7 7');
    const truth = rows('6 01 6 01 | 01 01 6 01 | 01 01 6 1 | 01 7 1 1 | 01 7 7 7');
    evaluator.update({ imageId: 1, truth: map(truth, true), prediction: map(prediction, false) });
    const { perCategory, all } = evaluator.compute();
    expect(perCategory.map(({ PQ }) => PQ)).toEqual([14 / 27, 0, 2 / 3, 1].map((value) => expect.closeTo(value, 12)));
    expect([all.PQ, all.SQ, all.RQ]).toEqual([0.5463, 0.6111, 0.6667].map((value) => expect.closeTo(value, 4)));
  });

  it('excuses predictions on void and on a crowd of their category', () => {
    const evaluator = createPanopticEvaluator({
      categories: [
        { id: 1, isThing: true },
        { id: 2, isThing: true },
      ],
    });
    evaluator.update({
      imageId: 1,
      truth: {
        size: [1, 12],
        ids: [1, 1, 1, 1, 0, 0, 0, 2, 2, 2, 2, 2],
        segments: [
          { id: 1, categoryId: 1 },
          { id: 2, categoryId: 1, crowd: true },
        ],
      },
      prediction: {
        size: [1, 12],
        ids: [1, 1, 1, 0, 2, 2, 2, 3, 3, 4, 4, 4],
        segments: [
          { id: 1, categoryId: 1 },
          { id: 2, categoryId: 2 },
          { id: 3, categoryId: 1 },
          { id: 4, categoryId: 2 },
        ],
      },
    });
    const [first, second] = evaluator.compute().perCategory;
    expect(first).toMatchObject({ truePositives: 1, falsePositives: 0, falseNegatives: 0, SQ: 0.75, PQ: 0.75 });
    expect(second).toMatchObject({ truePositives: 0, falsePositives: 1, falseNegatives: 0, SQ: 0, PQ: 0 });
    expect(evaluator.compute().stuff.PQ).toBeNaN();
  });
});

describe('depth metrics', () => {
  it('of four pixels', () => {
    const evaluator = createDepthEvaluator();
    evaluator.update({
      imageId: 1,
      size: [1, 5],
      truth: [1, 2, 4, 8, 0],
      prediction: [1.1, 1.8, 4.4, 7, 3],
    });
    const { mean, pooled, pixels } = evaluator.compute();
    const expected: DepthMetrics = {
      absRel: 0.10625,
      rmse: 0.55,
      log10: 0.0466337,
      rmseLog: 0.1085121,
      silog: 10.7838996,
      sqRel: 0.04875,
      delta1: 1,
      delta2: 1,
      delta3: 1,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect(mean[name as keyof DepthMetrics], name).toBeCloseTo(value, 6);
    }
    expect(pooled).toEqual(mean);
    expect(pixels).toBe(4);
  });

  it('clamps predictions, keeps to the crop and leaves pictures without depth out of the mean', () => {
    const evaluator = createDepthEvaluator({ crop: { size: [2, 2], rows: [0, 1], columns: [0, 2] } });
    evaluator.update({ imageId: 1, size: [2, 2], truth: [2, 5, 3, 3], prediction: [2, 50, 1, 1] });
    evaluator.update({ imageId: 2, size: [2, 2], truth: [0, 10, 3, 3], prediction: [2, 50, 1, 1] });
    const result = evaluator.compute();
    expect(result).toMatchObject({ images: 2, imagesWithoutDepth: 1, pixels: 2 });
    expect(result.mean.rmse).toBeCloseTo(Math.sqrt(25 / 2), 12);
    expect(evaluator.perImage()[1]!.rmse).toBeNaN();
    expect(() =>
      createDepthEvaluator({ crop: eigenCrop }).update({ imageId: 1, size: [1, 1], truth: [1], prediction: [1] }),
    ).toThrow(/crop is meant for 480 x 640/);
  });
});

describe('semantic metrics', () => {
  it('skip classes without ground truth, or count them as missed, as asked', () => {
    const sample = { imageId: 1, truth: [0, 0, 1, 1, 255], prediction: [0, 2, 1, 1, 2] };
    const results = (['truth', 'union'] as const).map((average) => {
      const evaluator = createSemanticEvaluator({ labels: ['a', 'b', 'c', 'd'], average });
      evaluator.update(sample);
      return evaluator.compute();
    });
    expect(results.map(({ mIoU }) => mIoU)).toEqual([0.75, 0.5]);
    for (const { pixelAccuracy, meanAccuracy, fwIoU } of results) {
      expect([pixelAccuracy, meanAccuracy, fwIoU]).toEqual([0.75, 0.75, 0.75]);
    }
    expect(results[1]!.perClass.map(({ IoU }) => IoU)).toEqual([0.5, 1, 0, Number.NaN]);
  });
});

describe('Pascal VOC average precision', () => {
  const at = (x: number) => [x, 0, 9, 9] as const;
  const sample = {
    imageId: 1,
    truths: [
      { label: 'cat', bbox: at(0) },
      { label: 'cat', bbox: at(20) },
      { label: 'cat', bbox: at(40), difficult: true },
    ],
    detections: [0, 40, 60, 20, 20].map((x, i) => ({ label: 'cat', bbox: at(x), score: 1 - i / 10 })),
  };
  it('by area and by eleven points', () => {
    for (const [interpolation, expected] of [
      ['area', (1 + 2 / 3) / 2],
      ['11-point', (6 + 5 * (2 / 3)) / 11],
    ] as const) {
      const evaluator = createVocEvaluator({ labels: ['cat', 'dog'], interpolation });
      evaluator.update(sample);
      const { mAP, perClass } = evaluator.compute();
      expect(mAP).toBeCloseTo(expected, 12);
      expect(perClass[0]).toMatchObject({ truths: 2, truePositives: 2, falsePositives: 2 });
      expect(perClass[1]!.AP).toBeNaN();
    }
  });
});
