import { GlidError } from '../../errors.ts';
import { cocoKeypointSigmas } from '../../keypoints/sigmas.ts';

/** `bbox` and `segm` compare by IoU, `keypoints` by object keypoint similarity. */
export type CocoTask = 'bbox' | 'segm' | 'keypoints';

export interface CocoCategory {
  readonly id: number;
  readonly name?: string;
}

/** Objects of `min` to `max` square pixels, both included. */
export interface AreaRange {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

export interface CocoEvaluatorOptions {
  readonly task: CocoTask;
  readonly categories: readonly CocoCategory[];
  /** Rising; .50, .55, … .95 by default. */
  readonly iouThresholds?: readonly number[];
  /** The first is the one of the headline numbers. By default COCO's all, small (not for keypoints), medium, large. */
  readonly areaRanges?: readonly AreaRange[];
  /** Rising; most detections a picture and category. By default 1, 10, 100, for keypoints 20. */
  readonly maxDetections?: readonly number[];
  /** OKS fall-off a joint, for keypoints; COCO's 17 by default. */
  readonly sigmas?: readonly number[];
  /** Ignore which category an object has (pycocotools `useCats = 0`). */
  readonly classAgnostic?: boolean;
}

export interface CocoSettings {
  readonly task: CocoTask;
  /** By rising id. */
  readonly categories: readonly CocoCategory[];
  readonly iouThresholds: readonly number[];
  readonly areaRanges: readonly AreaRange[];
  readonly maxDetections: readonly number[];
  readonly sigmas: readonly number[];
  readonly classAgnostic: boolean;
}

/** COCO's ranges of object areas, in square pixels. */
export const cocoAreaRanges: readonly AreaRange[] = [
  { name: 'all', min: 0, max: 1e10 },
  { name: 'small', min: 0, max: 32 ** 2 },
  { name: 'medium', min: 32 ** 2, max: 96 ** 2 },
  { name: 'large', min: 96 ** 2, max: 1e10 },
];

/** `count` numbers from `start` to `stop`, rounded as numpy's linspace rounds them (IoU equal to a threshold must still match). */
export function evenly(start: number, stop: number, count: number): number[] {
  const step = (stop - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? stop : i * step + start));
}

/** The recall values at which precision is read: 0, .01, … 1. */
export const recallThresholds: readonly number[] = evenly(0, 1, 101);

export function cocoSettings(options: CocoEvaluatorOptions): CocoSettings {
  const { task, categories } = options;
  const keypoints = task === 'keypoints';
  const settings: CocoSettings = {
    task,
    categories: [...categories].sort((a, b) => a.id - b.id),
    iouThresholds: options.iouThresholds ?? evenly(0.5, 0.95, 10),
    areaRanges: options.areaRanges ?? cocoAreaRanges.filter(({ name }) => !(keypoints && name === 'small')),
    maxDetections: options.maxDetections ?? (keypoints ? [20] : [1, 10, 100]),
    sigmas: keypoints ? (options.sigmas ?? cocoKeypointSigmas) : [],
    classAgnostic: options.classAgnostic ?? false,
  };
  const rising = (values: readonly number[]): boolean =>
    values.length > 0 && values.every((v, i) => Number.isFinite(v) && (i === 0 || v > values[i - 1]!));
  demand(['bbox', 'segm', 'keypoints'].includes(task), 'task', "Choose 'bbox', 'segm' or 'keypoints'.");
  demand(settings.categories.length > 0, 'categories', 'Pass the categories of the data set.');
  demand(rising(settings.categories.map(({ id }) => id)), 'categories', 'Give each category a number of its own.');
  demand(rising(settings.iouThresholds) && settings.iouThresholds[0]! > 0, 'iouThresholds', 'List rising IoUs > 0.');
  demand(rising(settings.maxDetections), 'maxDetections', 'List rising numbers of detections.');
  demand(
    settings.maxDetections.every((n) => Number.isInteger(n) && n > 0),
    'maxDetections',
    'Count from 1.',
  );
  demand(settings.areaRanges.length > 0, 'areaRanges', 'Pass at least one range of areas.');
  demand(
    settings.sigmas.every((s) => s > 0),
    'sigmas',
    'Give each joint a sigma above 0.',
  );
  return settings;
}

function demand(condition: boolean, option: string, fix: string): void {
  if (condition) return;
  throw new GlidError('GLID_USAGE', `The COCO evaluator cannot use its option '${option}'.`, {
    fix,
    details: { field: option },
  });
}
