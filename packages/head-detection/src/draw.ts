import { clipBox, distinctColor, type Shape2D, toHex } from '@glid/head-kit';
import type { DetectionResult } from './postprocess.ts';

/** Boxes, cut at the border of the picture, that score at least `threshold`, with label and per cent; classes are coloured by their place in `labels`. */
export function drawDetections(result: DetectionResult, labels: readonly string[], threshold = 0.5): Shape2D[] {
  return result.detections
    .filter(({ score }) => score >= threshold)
    .map(({ box, label, score }) => ({
      kind: 'box',
      xyxy: clipBox(box, result.size[1], result.size[0]),
      label: `${label} ${Math.round(100 * score)}%`,
      color: toHex(distinctColor(labels.indexOf(label))),
    }));
}
