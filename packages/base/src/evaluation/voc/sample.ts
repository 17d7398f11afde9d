import type { Box } from '../../boxes/convert.ts';
import type { ImageId } from '../image-id.ts';

export interface VocTruth {
  readonly label: string;
  /** `[x, y, width, height]`, where x + width is the last pixel if pixels are inclusive. */
  readonly bbox: Box;
  /** Neither to be found nor an error to detect. */
  readonly difficult?: boolean;
}

export interface VocDetection {
  readonly label: string;
  readonly score: number;
  readonly bbox: Box;
}

export interface VocSample {
  readonly imageId: ImageId;
  readonly truths: readonly VocTruth[];
  readonly detections: readonly VocDetection[];
}
