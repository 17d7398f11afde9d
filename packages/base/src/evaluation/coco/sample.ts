import type { Box } from '../../boxes/convert.ts';
import type { Polygon } from '../../masks/polygon.ts';
import type { MaskLike } from '../../masks/runs.ts';
import type { ImageId } from '../image-id.ts';

/** COCO's two ways of giving a mask: outlines or runs. */
export type Segmentation = MaskLike | readonly Polygon[];

/** A ground truth. What a task compares must be there: `bbox`, `segmentation`, or `keypoints` with `area`. */
export interface CocoTruth {
  /** Names the annotation in messages. */
  readonly id?: number | string;
  readonly categoryId: number;
  /** `[x, y, width, height]` in pixels. */
  readonly bbox?: Box;
  readonly segmentation?: Segmentation;
  /** `[K * 3]`: x, y, visibility. */
  readonly keypoints?: ArrayLike<number>;
  /** Labelled joints; counted when left out. An object with none is ignored. */
  readonly numKeypoints?: number;
  /** Square pixels: the annotation's own figure decides its range. The area of the box or the mask when left out. */
  readonly area?: number;
  /** Ignored, but may absorb any number of detections. */
  readonly crowd?: boolean;
}

export interface CocoDetection {
  readonly categoryId: number;
  readonly score: number;
  /** `[x, y, width, height]` in pixels. */
  readonly bbox?: Box;
  readonly segmentation?: Segmentation;
  /** `[K * 3]`: x, y, and a third number that is not used. */
  readonly keypoints?: ArrayLike<number>;
  /** Square pixels. By default the area of what the task compares; for keypoints, of the box around them all. */
  readonly area?: number;
}

/** All ground truths and all detections of one picture. */
export interface CocoSample {
  readonly imageId: ImageId;
  /** Needed for masks given as outlines; masks must have this size. */
  readonly size?: readonly [height: number, width: number];
  readonly truths: readonly CocoTruth[];
  /** Detections of equal score rank in the order of this list. */
  readonly detections: readonly CocoDetection[];
}
