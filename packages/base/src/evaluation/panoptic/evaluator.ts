import { GlidError } from '../../errors.ts';
import type { ImageId } from '../image-id.ts';
import { checkNewImages, imageIdOf, listOf } from '../image-id.ts';
import { matchSegments } from './matching.ts';
import type { PanopticSample } from './sample.ts';

export interface PanopticCategory {
  readonly id: number;
  readonly name?: string;
  /** Countable objects; everything else is stuff. */
  readonly isThing: boolean;
}

/** Panoptic, segmentation and recognition quality in [0, 1]; NaN where nothing was counted. */
export interface PanopticQuality {
  readonly PQ: number;
  readonly SQ: number;
  readonly RQ: number;
}

export interface PanopticCategoryResult extends PanopticQuality {
  readonly id: number;
  readonly name: string;
  readonly isThing: boolean;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

export interface PanopticMean extends PanopticQuality {
  /** Categories that were averaged: those with any ground truth or prediction. */
  readonly categories: number;
}

export interface PanopticResult {
  readonly all: PanopticMean;
  readonly things: PanopticMean;
  readonly stuff: PanopticMean;
  readonly perCategory: readonly PanopticCategoryResult[];
  readonly images: number;
}

/** Everything counted so far, as plain data that can be sent to another thread. Rows follow `categoryIds`. */
export interface PanopticEvaluatorState {
  readonly categoryIds: readonly number[];
  readonly imageIds: readonly ImageId[];
  /** `[K, 3]`: true positives, false positives, false negatives. */
  readonly counts: Float64Array;
  /** `[K]`: sums of IoU in units of 2^-53, so that no order of summing matters. */
  readonly iouSums: readonly bigint[];
}

export interface PanopticEvaluator {
  /** Counts one picture or several. For bad data it throws `GLID_DATA` and counts none of them. */
  update(samples: PanopticSample | readonly PanopticSample[]): void;
  /** Adds what another evaluator of the same categories has counted, on other pictures. */
  merge(state: PanopticEvaluatorState): void;
  state(): PanopticEvaluatorState;
  /** The numbers so far. They do not depend on the order or the grouping in which pictures came. */
  compute(): PanopticResult;
  reset(): void;
}

/** IoUs of matches lie in (.5, 1], so they are whole multiples of 2^-53 and add up exactly as integers. */
const unit = 2 ** 53;

/** Panoptic quality (Kirillov et al., CVPR 2019) with the exact semantics of panopticapi. */
export function createPanopticEvaluator(options: {
  readonly categories: readonly PanopticCategory[];
}): PanopticEvaluator {
  const categories = [...options.categories].sort((a, b) => a.id - b.id);
  const rowOf = new Map(categories.map(({ id }, row) => [id, row]));
  if (categories.length === 0 || rowOf.size !== categories.length) {
    throw new GlidError('GLID_USAGE', 'The panoptic evaluator needs categories with an id each.', {
      fix: 'Pass the categories of the data set, each once.',
    });
  }
  const ids = new Set(rowOf.keys());
  let images = new Set<ImageId>();
  let counts = new Float64Array(categories.length * 3);
  let iouSums = categories.map(() => 0n);
  return {
    update(samples) {
      const batch = listOf(samples);
      checkNewImages(images, batch.map(imageIdOf));
      const found = batch.flatMap((sample) => matchSegments(sample, ids));
      for (const { imageId } of batch) images.add(imageId);
      for (const { categoryId, truePositives, falsePositives, falseNegatives, ious } of found) {
        const row = rowOf.get(categoryId)!;
        counts[row * 3]! += truePositives;
        counts[row * 3 + 1]! += falsePositives;
        counts[row * 3 + 2]! += falseNegatives;
        for (const iou of ious) iouSums[row]! += BigInt(iou * unit);
      }
    },
    merge(state) {
      if (state.categoryIds.join() !== [...ids].join()) {
        throw new GlidError('GLID_USAGE', 'Evaluators of different categories cannot be merged.', {
          fix: 'Create all of them with the same categories.',
        });
      }
      checkNewImages(images, state.imageIds);
      for (const id of state.imageIds) images.add(id);
      counts.forEach((_, i) => {
        counts[i]! += state.counts[i]!;
      });
      iouSums = iouSums.map((sum, row) => sum + state.iouSums[row]!);
    },
    state: () => ({ categoryIds: [...ids], imageIds: [...images], counts: counts.slice(), iouSums: [...iouSums] }),
    compute() {
      const perCategory = categories.map(({ id, name, isThing }, row): PanopticCategoryResult => {
        const [tp, fp, fn] = [counts[row * 3]!, counts[row * 3 + 1]!, counts[row * 3 + 2]!];
        const half = tp + fp / 2 + fn / 2;
        const sum = Number(iouSums[row]!) / unit;
        return {
          id,
          name: name ?? String(id),
          isThing,
          PQ: half === 0 ? Number.NaN : sum / half,
          SQ: half === 0 ? Number.NaN : tp === 0 ? 0 : sum / tp,
          RQ: half === 0 ? Number.NaN : tp / half,
          truePositives: tp,
          falsePositives: fp,
          falseNegatives: fn,
        };
      });
      return {
        all: mean(perCategory),
        things: mean(perCategory.filter(({ isThing }) => isThing)),
        stuff: mean(perCategory.filter(({ isThing }) => !isThing)),
        perCategory,
        images: images.size,
      };
    },
    reset() {
      images = new Set();
      counts = new Float64Array(categories.length * 3);
      iouSums = categories.map(() => 0n);
    },
  };
}

function mean(results: readonly PanopticCategoryResult[]): PanopticMean {
  const counted = results.filter(({ PQ }) => !Number.isNaN(PQ));
  const average = (quality: keyof PanopticQuality): number =>
    counted.reduce((sum, result) => sum + result[quality], 0) / counted.length;
  return { PQ: average('PQ'), SQ: average('SQ'), RQ: average('RQ'), categories: counted.length };
}
