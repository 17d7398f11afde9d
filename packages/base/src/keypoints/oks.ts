import type { Box } from '../boxes/convert.ts';
import { GlidError } from '../errors.ts';

/** The ground truth of one object for the object keypoint similarity. */
export interface KeypointTruth {
  /** `[K * 3]`: x, y, visibility; a joint counts when its visibility is above 0. */
  readonly keypoints: ArrayLike<number>;
  /** Square pixels: the scale of the object. */
  readonly area: number;
  /** `[x, y, width, height]`, needed where no joint is visible: distances are then taken to this box, doubled. */
  readonly bbox?: Box;
}

/**
 * Object keypoint similarity in [0, 1]: the mean over labelled joints of exp(-d^2 / (2 * area * (2 * sigma)^2)), as pycocotools
 * `computeOks`. `detected` is `[K * 3]` (its third numbers are not used); `sigmas` `[K]`.
 */
export function keypointSimilarity(
  detected: ArrayLike<number>,
  truth: KeypointTruth,
  sigmas: ArrayLike<number>,
): number {
  const joints = sigmas.length;
  const { keypoints } = truth;
  checkJoints(detected, joints);
  checkJoints(keypoints, joints);
  let visible = 0;
  for (let k = 0; k < joints; k++) if (keypoints[k * 3 + 2]! > 0) visible++;
  const box = visible === 0 ? doubled(truth.bbox) : undefined;
  const area = truth.area + Number.EPSILON;
  let sum = 0;
  for (let k = 0; k < joints; k++) {
    const x = detected[k * 3]!;
    const y = detected[k * 3 + 1]!;
    let dx: number;
    let dy: number;
    if (box) {
      dx = Math.max(0, box[0] - x) + Math.max(0, x - box[2]);
      dy = Math.max(0, box[1] - y) + Math.max(0, y - box[3]);
    } else if (keypoints[k * 3 + 2]! > 0) {
      dx = x - keypoints[k * 3]!;
      dy = y - keypoints[k * 3 + 1]!;
    } else continue;
    sum += Math.exp(-((dx * dx + dy * dy) / (sigmas[k]! * 2) ** 2 / area / 2));
  }
  return sum / (box ? joints : visible);
}

/** The box of twice the size around the same middle, as corners. */
function doubled(bbox: Box | undefined): Box {
  if (!bbox) {
    throw new GlidError('GLID_USAGE', 'An object without a visible joint has no box to measure distances to.', {
      fix: 'Pass the bbox of the ground truth, or leave objects without joints out.',
    });
  }
  const [x, y, width, height] = bbox;
  return [x - width, y - height, x + width * 2, y + height * 2];
}

export function checkJoints(keypoints: ArrayLike<number>, joints: number): void {
  if (keypoints.length === joints * 3) return;
  throw new GlidError('GLID_SHAPE', `${joints} joints have ${keypoints.length} numbers, not ${joints * 3}.`, {
    fix: 'Pass x, y, visibility for each joint of the skeleton, and one sigma a joint.',
    details: { expected: joints * 3, got: keypoints.length },
  });
}
