const lower = /hip|pelvis|thigh|leg|knee|shin|ankle|heel|foot|feet|toe/i;

/**
 * Indices of the joints above the hips, by their names: everything that is no part of a leg. Undefined where no name tells of a leg.
 * @param joints names as a `Skeleton` lists them
 */
export function upperBody(joints: readonly string[]): readonly number[] | undefined {
  const upper = joints.flatMap((name, joint) => (lower.test(name) ? [] : [joint]));
  return upper.length < joints.length ? upper : undefined;
}
