/** Distances count up to this share of the longer side of the body's box. */
const alpha = 0.1;

/** What one picture adds: joints that are annotated, and those of them that were found. */
export interface JointCount {
  readonly annotated: number;
  readonly found: number;
}

/**
 * PCK (Yang and Ramanan 2013, alpha = 0.1): a joint is found when it lies within a tenth of the longer side of the body's box. It moves long before
 * AP does, which asks for most joints of a body at once.
 *
 * @param joints x, y of each joint, in pixels
 * @param truth x, y, visibility of each joint; those of visibility 0 are not annotated and do not count
 * @param box x0 y0 x1 y1
 */
export function countJoints(
  joints: readonly { readonly x: number; readonly y: number }[],
  truth: ArrayLike<number>,
  box: ArrayLike<number>,
): JointCount {
  const radius = alpha * Math.max(box[2]! - box[0]!, box[3]! - box[1]!);
  const annotated = joints.flatMap(({ x, y }, i) =>
    truth[3 * i + 2]! > 0 ? [Math.hypot(x - truth[3 * i]!, y - truth[3 * i + 1]!)] : [],
  );
  return { annotated: annotated.length, found: annotated.filter((distance) => distance <= radius).length };
}
