import { dataError } from '../../data-error.ts';
import { GlidError } from '../../errors.ts';
import type { ImageId } from '../image-id.ts';
import { checkNewImages, imageIdOf, listOf } from '../image-id.ts';

export interface SemanticEvaluatorOptions {
  /** Names of the classes 0..C-1. */
  readonly labels: readonly string[];
  /** Ground truth pixels of this value count nowhere; 255 by default. */
  readonly ignore?: number;
  /**
   * Which classes are averaged: `truth`, those with ground-truth pixels (detectron2, the default), or `union`, also those that
   * were only predicted, whose IoU is 0 (mmsegmentation).
   */
  readonly average?: 'truth' | 'union';
}

/** Class maps of one picture, one value a pixel in the same order. */
export interface SemanticSample {
  readonly imageId: ImageId;
  readonly truth: ArrayLike<number>;
  /** Values 0..C-1 everywhere, also where the ground truth is ignored. */
  readonly prediction: ArrayLike<number>;
}

export interface SemanticClassResult {
  readonly label: string;
  /** NaN for a class that is not averaged. */
  readonly IoU: number;
  /** Share of its ground-truth pixels that were found; NaN for a class that has none. */
  readonly accuracy: number;
}

/** Ratios in [0, 1]; NaN where nothing was counted. */
export interface SemanticResult {
  readonly mIoU: number;
  /** Mean of IoU weighted by ground-truth pixels. */
  readonly fwIoU: number;
  readonly pixelAccuracy: number;
  readonly meanAccuracy: number;
  readonly perClass: readonly SemanticClassResult[];
  /** `[C, C]`, pixels by (truth, prediction). */
  readonly confusion: Float64Array;
  readonly images: number;
}

export interface SemanticEvaluatorState {
  readonly labels: readonly string[];
  readonly imageIds: readonly ImageId[];
  readonly confusion: Float64Array;
}

export interface SemanticEvaluator {
  /** Counts one picture or several. For bad data it throws `GLID_DATA` and counts none of them. */
  update(samples: SemanticSample | readonly SemanticSample[]): void;
  /** Adds what another evaluator of the same labels has counted, on other pictures. */
  merge(state: SemanticEvaluatorState): void;
  state(): SemanticEvaluatorState;
  /** The numbers so far, from one confusion matrix over all pictures. */
  compute(): SemanticResult;
  reset(): void;
}

/** Mean IoU and pixel accuracy as detectron2's SemSegEvaluator. */
export function createSemanticEvaluator(options: SemanticEvaluatorOptions): SemanticEvaluator {
  const { labels, ignore = 255, average = 'truth' } = options;
  const classes = labels.length;
  if (classes === 0 || (ignore >= 0 && ignore < classes)) {
    throw new GlidError('GLID_USAGE', `${classes} classes and ignore = ${ignore} do not go together.`, {
      fix: 'Pass at least one label, and a value to ignore that is no class.',
    });
  }
  const confusion = new Float64Array(classes * classes);
  const counted = new Float64Array(classes * classes);
  const images = new Set<ImageId>();
  return {
    update(samples) {
      const batch = listOf(samples);
      checkNewImages(images, batch.map(imageIdOf));
      counted.fill(0);
      for (const sample of batch) countPixels(sample, classes, ignore, counted);
      for (const { imageId } of batch) images.add(imageId);
      for (let i = 0; i < confusion.length; i++) confusion[i]! += counted[i]!;
    },
    merge(state) {
      if (JSON.stringify(state.labels) !== JSON.stringify(labels)) {
        throw new GlidError('GLID_USAGE', 'Evaluators of different labels cannot be merged.', {
          fix: 'Create all of them with the same labels.',
        });
      }
      checkNewImages(images, state.imageIds);
      for (const id of state.imageIds) images.add(id);
      for (let i = 0; i < confusion.length; i++) confusion[i]! += state.confusion[i]!;
    },
    state: () => ({ labels, imageIds: [...images], confusion: confusion.slice() }),
    compute: () => ({ ...summarise(confusion, labels, average), images: images.size }),
    reset() {
      images.clear();
      confusion.fill(0);
    },
  };
}

function countPixels(
  { imageId, truth, prediction }: SemanticSample,
  classes: number,
  ignore: number,
  into: Float64Array,
): void {
  if (truth.length !== prediction.length) {
    throw dataError(
      { id: imageId, field: 'prediction', expected: truth.length, got: prediction.length },
      `The prediction has ${prediction.length} pixels, the ground truth ${truth.length}.`,
      'Bring predictions to the size of their picture first.',
    );
  }
  for (let i = 0; i < truth.length; i++) {
    const actual = truth[i]!;
    const predicted = prediction[i]!;
    if (!(predicted >= 0 && predicted < classes && Number.isInteger(predicted))) {
      const what = `Pixel ${i} is predicted as class ${predicted} of 0..${classes - 1}.`;
      throw dataError(
        { id: imageId, field: 'prediction', index: i, got: predicted },
        what,
        'Predict one of the classes.',
      );
    }
    if (actual === ignore) continue;
    if (!(actual >= 0 && actual < classes && Number.isInteger(actual))) {
      throw dataError(
        { id: imageId, field: 'truth', index: i, got: actual },
        `Pixel ${i} has class ${actual}; classes are 0..${classes - 1}, and ${ignore} is ignored.`,
        'Pass all labels, and the value of pixels to ignore.',
      );
    }
    into[actual * classes + predicted]!++;
  }
}

function summarise(
  confusion: Float64Array,
  labels: readonly string[],
  average: 'truth' | 'union',
): Omit<SemanticResult, 'images'> {
  const classes = labels.length;
  const truths = new Float64Array(classes);
  const predictions = new Float64Array(classes);
  let total = 0;
  let right = 0;
  for (let t = 0; t < classes; t++) {
    for (let p = 0; p < classes; p++) {
      const count = confusion[t * classes + p]!;
      truths[t]! += count;
      predictions[p]! += count;
      total += count;
      if (t === p) right += count;
    }
  }
  const perClass = labels.map((label, c): SemanticClassResult => {
    const hits = confusion[c * classes + c]!;
    const union = truths[c]! + predictions[c]! - hits;
    const counts = average === 'truth' ? truths[c]! > 0 : union > 0;
    return {
      label,
      IoU: counts ? hits / union : Number.NaN,
      accuracy: truths[c]! > 0 ? hits / truths[c]! : Number.NaN,
    };
  });
  const weighted = perClass.reduce((sum, { IoU }, c) => sum + (truths[c]! > 0 ? IoU * truths[c]! : 0), 0);
  return {
    mIoU: mean(perClass.map(({ IoU }) => IoU)),
    fwIoU: weighted / total,
    pixelAccuracy: right / total,
    meanAccuracy: mean(perClass.map(({ accuracy }) => accuracy)),
    perClass,
    confusion: confusion.slice(),
  };
}

function mean(values: readonly number[]): number {
  const counted = values.filter((value) => !Number.isNaN(value));
  return counted.reduce((sum, value) => sum + value, 0) / counted.length;
}
