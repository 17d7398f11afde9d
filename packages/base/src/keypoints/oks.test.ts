import { describe, expect, it } from 'vitest';
import { cocoKeypointSigmas, keypointSimilarity, oksNms } from '../index.ts';

describe('keypointSimilarity', () => {
  const sigmas = [0.05, 0.1];
  it('averages over labelled joints', () => {
    const truth = { keypoints: [10, 10, 2, 50, 50, 0], area: 100 };
    expect(keypointSimilarity([10, 10, 1, 0, 0, 1], truth, sigmas)).toBe(1);
    expect(keypointSimilarity([11, 10, 1, 0, 0, 1], truth, sigmas)).toBeCloseTo(Math.exp(-1 / (2 * 100 * 0.01)), 12);
  });
  it('measures to the doubled box where no joint is labelled', () => {
    const truth = { keypoints: [0, 0, 0, 0, 0, 0], area: 100, bbox: [10, 10, 10, 10] as const };
    expect(keypointSimilarity([0, 0, 1, 30, 30, 1], truth, sigmas)).toBe(1);
    expect(keypointSimilarity([31, 0, 1, 30, 30, 1], truth, sigmas)).toBeCloseTo((1 + Math.exp(-0.5)) / 2, 12);
    expect(() => keypointSimilarity([0, 0, 1, 0, 0, 1], { keypoints: [0, 0, 0, 0, 0, 0], area: 1 }, sigmas)).toThrow(
      /no box to measure/,
    );
  });
  it('names a wrong number of joints', () => {
    const truth = { keypoints: [0, 0, 1], area: 1 };
    expect(() => keypointSimilarity([0, 0, 1], truth, sigmas)).toThrow(/2 joints have 3 numbers, not 6/);
  });
  it('knows the 17 joints of COCO', () => {
    expect(cocoKeypointSigmas).toHaveLength(17);
    expect(cocoKeypointSigmas[0]).toBeCloseTo(0.026, 12);
  });
});

describe('oksNms', () => {
  const body = (x: number, score: number, confidence = 1) => ({
    keypoints: [x, 0, 1, x, 10, confidence],
    score,
    area: 100,
  });
  it('keeps the best of similar bodies', () => {
    const bodies = [body(0, 0.5), body(0.1, 0.9), body(40, 0.7), body(40, 0.7)];
    expect(oksNms(bodies, [0.1, 0.1])).toEqual([1, 2]);
    expect(oksNms(bodies, [0.1, 0.1], { threshold: 1 })).toEqual([1, 2, 3, 0]);
  });
  it('compares confident joints only', () => {
    const bodies = [body(0, 0.9), { keypoints: [0, 0, 1, 0, 90, 0.1], score: 0.8, area: 100 }];
    expect(oksNms(bodies, [0.1, 0.1])).toEqual([0, 1]);
    expect(oksNms(bodies, [0.1, 0.1], { minConfidence: 0.2 })).toEqual([0]);
  });
});
