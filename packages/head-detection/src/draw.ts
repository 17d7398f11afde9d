import { clipBox, labelColor, type Shape2D, toHex } from '@glid/head-kit';
import type { DetectionResult } from './postprocess.ts';

/** Boxes, cut at the border of the picture, that score at least `threshold`, with label and per cent, one colour a class. */
export function drawDetections(result: DetectionResult, threshold = 0.5): Shape2D[] {
  return result.detections
    .filter(({ score }) => score >= threshold)
    .map(({ box, label, score }) => ({
      kind: 'box',
      xyxy: clipBox(box, result.size[1], result.size[0]),
      label: `${label} ${Math.round(100 * score)}%`,
      color: toHex(labelColor(label)),
    }));
}
