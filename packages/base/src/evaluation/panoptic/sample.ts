import type { ImageId } from '../image-id.ts';

/** One segment; `id` is its value in the map. */
export interface PanopticSegmentInfo {
  readonly id: number;
  readonly categoryId: number;
  /** Ground truth only: not to be found, but predictions on it are excused. */
  readonly crowd?: boolean;
  /** Pixels. Where it is given it must be the number of pixels in the map. */
  readonly area?: number;
}

/** One integer a pixel, row-major `[height, width]`, 0 = void, and what the integers stand for. */
export interface PanopticMap {
  readonly size: readonly [height: number, width: number];
  readonly ids: ArrayLike<number>;
  readonly segments: readonly PanopticSegmentInfo[];
}

export interface PanopticSample {
  readonly imageId: ImageId;
  readonly truth: PanopticMap;
  readonly prediction: PanopticMap;
}
