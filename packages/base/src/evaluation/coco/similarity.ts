import { boxIou } from '../../boxes/iou.ts';
import { keypointSimilarity } from '../../keypoints/oks.ts';
import { maskIou } from '../../masks/iou.ts';
import type { CocoDetectionObject, CocoTruthObject } from './objects.ts';
import type { CocoSettings } from './settings.ts';

/** How much each detection is like each ground truth: `[D, G]`, by box IoU, mask IoU or keypoint similarity. */
export function similarities(
  detections: readonly CocoDetectionObject[],
  truths: readonly CocoTruthObject[],
  { task, sigmas }: CocoSettings,
): Float64Array {
  if (detections.length === 0 || truths.length === 0) return new Float64Array(0);
  const crowd = truths.map((truth) => truth.crowd);
  if (task === 'bbox') {
    return boxIou(
      detections.flatMap(({ bbox }) => bbox!),
      truths.flatMap(({ bbox }) => bbox!),
      { format: 'xywh', crowd },
    );
  }
  if (task === 'segm') {
    return maskIou(
      detections.map(({ mask }) => mask!),
      truths.map(({ mask }) => mask!),
      crowd,
    );
  }
  const out = new Float64Array(detections.length * truths.length);
  truths.forEach(({ keypoints, area, bbox }, g) => {
    const truth = { keypoints: keypoints!, area, ...(bbox ? { bbox } : {}) };
    detections.forEach((detection, d) => {
      out[d * truths.length + g] = keypointSimilarity(detection.keypoints!, truth, sigmas);
    });
  });
  return out;
}
