import { checkJoints } from './oks.ts';

/** One detected body. */
export interface KeypointDetection {
  /** `[K * 3]`: x, y, confidence. */
  readonly keypoints: ArrayLike<number>;
  readonly score: number;
  /** Square pixels, e.g. of the detector's box. */
  readonly area: number;
}

export interface OksNmsOptions {
  /** Bodies more similar than this to a better one are dropped; 0.9 by default. */
  readonly threshold?: number;
  /** Only joints whose confidence is above this in both bodies are compared; all of them by default. */
  readonly minConfidence?: number;
}

/**
 * Non-maximum suppression of bodies by their keypoint similarity, whose scale is the mean of both areas.
 * Returns the indices that stay, best first; equal scores keep their order. Method: pose papers since Papandreou et al., CVPR 2017.
 */
export function oksNms(
  detections: readonly KeypointDetection[],
  sigmas: ArrayLike<number>,
  options: OksNmsOptions = {},
): number[] {
  const { threshold = 0.9, minConfidence = Number.NEGATIVE_INFINITY } = options;
  for (const { keypoints } of detections) checkJoints(keypoints, sigmas.length);
  const order = detections.map((_, i) => i).sort((a, b) => detections[b]!.score - detections[a]!.score || a - b);
  const kept: number[] = [];
  for (const i of order) {
    const similar = kept.some((k) => similarity(detections[k]!, detections[i]!, sigmas, minConfidence) > threshold);
    if (!similar) kept.push(i);
  }
  return kept;
}

function similarity(
  a: KeypointDetection,
  b: KeypointDetection,
  sigmas: ArrayLike<number>,
  minConfidence: number,
): number {
  const area = (a.area + b.area) / 2 + Number.EPSILON;
  let sum = 0;
  let joints = 0;
  for (let k = 0; k < sigmas.length; k++) {
    if (!(a.keypoints[k * 3 + 2]! > minConfidence && b.keypoints[k * 3 + 2]! > minConfidence)) continue;
    const dx = a.keypoints[k * 3]! - b.keypoints[k * 3]!;
    const dy = a.keypoints[k * 3 + 1]! - b.keypoints[k * 3 + 1]!;
    sum += Math.exp(-((dx * dx + dy * dy) / (sigmas[k]! * 2) ** 2 / area / 2));
    joints++;
  }
  return joints === 0 ? 0 : sum / joints;
}
