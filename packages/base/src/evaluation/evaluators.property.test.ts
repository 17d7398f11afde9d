import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CocoSample } from '../index.ts';
import {
  createCocoEvaluator,
  createDepthEvaluator,
  createPanopticEvaluator,
  createSemanticEvaluator,
  createVocEvaluator,
  encodeMask,
  Random,
} from '../index.ts';
import { precisionOverRecall } from './coco/precision.ts';
import { recallThresholds } from './coco/settings.ts';
import { outcome } from './detections/outcome.ts';

interface Mergeable<Sample, State> {
  update(samples: Sample | readonly Sample[]): void;
  merge(state: State): void;
  state(): State;
  compute(): unknown;
  reset(): void;
}

/** Any order, any grouping into evaluators that are merged, and a state sent through a clone: all the same numbers, bit for bit. */
function expectPartitionFree<Sample, State>(
  create: () => Mergeable<Sample, State>,
  sampleOf: (random: Random, image: number) => Sample,
): void {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 }),
      (seed, groups) => {
        const random = new Random(seed);
        const samples = groups.map((_, image) => sampleOf(random, image));
        const whole = create();
        for (const sample of samples) whole.update(sample);
        const expected = whole.compute();

        const batched = create();
        batched.update(samples.slice(0, groups[0]));
        batched.update(samples.slice(groups[0]));
        expect(batched.compute()).toEqual(expected);

        const shuffled = create();
        for (const i of random.permutation(samples.length)) shuffled.update(samples[i]!);
        expect(shuffled.compute()).toEqual(expected);

        const parts = [0, 1, 2, 3].map(create);
        samples.forEach((sample, i) => {
          parts[groups[i]!]!.update(sample);
        });
        const merged = parts[3]!;
        for (const part of parts.slice(0, 3)) merged.merge(structuredClone(part.state()));
        expect(merged.compute()).toEqual(expected);

        merged.reset();
        expect(merged.compute()).toEqual(create().compute());
        for (const sample of samples) merged.update(sample);
        expect(merged.compute()).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
}

const boxNear = (random: Random) =>
  [random.integer(40), random.integer(40), 5 + random.integer(40), 5 + random.integer(40)] as const;
const many = <T>(random: Random, most: number, make: () => T): T[] =>
  Array.from({ length: random.integer(most + 1) }, make);
/** One decimal, so that equal scores are common. */
const score = (random: Random): number => random.integer(10) / 10;

describe('numbers do not depend on how pictures are grouped', () => {
  const categories = [{ id: 3 }, { id: 1 }, { id: 2 }];
  it('COCO boxes', () => {
    const sampleOf = (random: Random, imageId: number): CocoSample => ({
      imageId,
      truths: many(random, 6, () => ({
        categoryId: 1 + random.integer(3),
        bbox: boxNear(random),
        crowd: random.boolean(0.2),
      })),
      detections: many(random, 8, () => ({
        categoryId: 1 + random.integer(3),
        bbox: boxNear(random),
        score: score(random),
      })),
    });
    for (const classAgnostic of [false, true]) {
      const options = { task: 'bbox', categories, classAgnostic, iouThresholds: [0.1, 0.3, 0.5] } as const;
      expectPartitionFree(() => createCocoEvaluator(options), sampleOf);
    }
  });
  it('COCO masks', () => {
    const mask = (random: Random) =>
      encodeMask(
        Array.from({ length: 30 }, () => random.integer(2)),
        [5, 6],
      );
    expectPartitionFree(
      () => createCocoEvaluator({ task: 'segm', categories, iouThresholds: [0.3, 0.5] }),
      (random, imageId): CocoSample => ({
        imageId: `picture ${imageId}`,
        truths: many(random, 3, () => ({ categoryId: 1, segmentation: mask(random) })),
        detections: many(random, 4, () => ({ categoryId: 1, segmentation: mask(random), score: score(random) })),
      }),
    );
  });
  it('panoptic quality', () => {
    const side = (random: Random) => {
      const ids = Array.from({ length: 12 }, () => random.integer(3));
      const segments = [...new Set(ids)].filter(Boolean).map((id) => ({ id, categoryId: 1 + random.integer(2) }));
      return { size: [3, 4] as const, ids, segments };
    };
    expectPartitionFree(
      () => createPanopticEvaluator({ categories: [1, 2].map((id) => ({ id, isThing: id === 1 })) }),
      (random, imageId) => ({ imageId, truth: side(random), prediction: side(random) }),
    );
  });
  it('semantic metrics', () => {
    expectPartitionFree(
      () => createSemanticEvaluator({ labels: ['a', 'b', 'c'], ignore: 3 }),
      (random, imageId) => ({
        imageId,
        truth: Array.from({ length: 9 }, () => random.integer(4)),
        prediction: Array.from({ length: 9 }, () => random.integer(3)),
      }),
    );
  });
  it('depth metrics', () => {
    expectPartitionFree(
      () => createDepthEvaluator(),
      (random, imageId) => ({
        imageId,
        size: [1, 6] as const,
        truth: Array.from({ length: 6 }, () => random.uniform(-1, 11)),
        prediction: Array.from({ length: 6 }, () => random.uniform(0, 12)),
      }),
    );
  });
  it('Pascal VOC', () => {
    expectPartitionFree(
      () => createVocEvaluator({ labels: ['a', 'b'], iouThreshold: 0.3 }),
      (random, imageId) => {
        const label = (): string => (random.boolean() ? 'a' : 'b');
        return {
          imageId,
          truths: many(random, 4, () => ({ label: label(), bbox: boxNear(random), difficult: random.boolean(0.2) })),
          detections: many(random, 6, () => ({ label: label(), bbox: boxNear(random), score: score(random) })),
        };
      },
    );
  });
});

describe('precisionOverRecall', () => {
  it('is what the definition gives when it is followed to the letter', () => {
    const outcomes = fc.array(fc.constantFrom(...Object.values(outcome)), { maxLength: 60 });
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 0, max: 20 }), (list, missed) => {
        const truths = list.filter((value) => value === outcome.truePositive).length + missed;
        fc.pre(truths > 0);
        let [tp, fp] = [0, 0];
        const recall: number[] = [];
        const precision: number[] = [];
        for (const value of list) {
          if (value === outcome.truePositive) tp++;
          if (value === outcome.falsePositive) fp++;
          recall.push(tp / truths);
          precision.push(tp / (tp + fp + Number.EPSILON));
        }
        const expected = recallThresholds.map((least) => {
          const at = recall.findIndex((value) => value >= least);
          return at < 0 ? 0 : Math.max(...precision.slice(at));
        });
        const found = precisionOverRecall(Uint8Array.from(list), truths);
        expect([...found.precision]).toEqual(expected);
        expect(found.recall).toBe(tp / truths);
      }),
    );
  });
});
