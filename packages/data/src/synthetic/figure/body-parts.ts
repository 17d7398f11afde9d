import { polygonDistance, segmentDistanceSquared } from '../outline.ts';
import type { BodyPose, Point3 } from './body-pose.ts';

export type PartName = 'head' | 'torso' | 'upper-arm' | 'forearm' | 'hand' | 'thigh' | 'shin' | 'foot';

/** A rounded piece of the body. `z` orders the pieces: larger is nearer to the viewer. */
export interface BodyPart {
  readonly name: PartName;
  /** Joints that show when this piece is in front. */
  readonly joints: readonly number[];
  readonly z: number;
  readonly radius: number;
  /** `[left, bottom, right, top]`, metres: nothing of the piece lies outside. */
  readonly bounds: readonly [number, number, number, number];
  /** Signed distance, metres. */
  distance(x: number, y: number): number;
}

/** All pieces, nearest first. */
export function bodyParts(pose: BodyPose): readonly BodyPart[] {
  const { joints: j, height: h } = pose;
  const parts: BodyPart[] = [];
  const capsule = (
    name: PartName,
    a: Point3,
    b: Point3,
    radius: number,
    joints: readonly number[],
    nearer = 0,
  ): void => {
    parts.push({
      name,
      joints,
      z: (a[2] + b[2]) / 2 + nearer,
      radius,
      bounds: boundsOf([a[0], b[0]], [a[1], b[1]], radius),
      distance: (x, y) => Math.sqrt(segmentDistanceSquared(a[0], a[1], b[0], b[1], x, y)) - radius,
    });
  };
  const trunk = [5, 6, 12, 11].flatMap((i) => [j[i]![0], j[i]![1] - (i < 7 ? 0.02 * h : 0)]);
  parts.push({
    name: 'torso',
    joints: [5, 6, 11, 12],
    z: (j[5]![2] + j[6]![2]) / 2,
    radius: 0.05 * h,
    bounds: boundsOf(
      trunk.filter((_, i) => i % 2 === 0),
      trunk.filter((_, i) => i % 2 === 1),
      0.05 * h,
    ),
    distance: (x, y) => polygonDistance(trunk, x, y) - 0.05 * h,
  });
  for (const side of [0, 1]) {
    const [shoulder, elbow, wrist] = [j[5 + side]!, j[7 + side]!, j[9 + side]!];
    const [hip, knee, ankle] = [j[11 + side]!, j[13 + side]!, j[15 + side]!];
    const hand = between(elbow, wrist, 1.16);
    const toe: Point3 = [
      ankle[0] + pose.forward[0] * 0.07 * h,
      ankle[1] - 0.012 * h,
      ankle[2] + pose.forward[1] * 0.07 * h,
    ];
    capsule('upper-arm', shoulder, elbow, 0.033 * h, [5 + side, 7 + side]);
    capsule('forearm', elbow, wrist, 0.027 * h, [7 + side, 9 + side]);
    capsule('hand', wrist, hand, 0.026 * h, [9 + side], 1e-4);
    capsule('thigh', hip, knee, 0.048 * h, [11 + side, 13 + side]);
    capsule('shin', knee, ankle, 0.036 * h, [13 + side, 15 + side]);
    capsule('foot', ankle, toe, 0.026 * h, [15 + side], 1e-4);
  }
  const { head, headRadius } = pose;
  parts.push({
    name: 'head',
    joints: [0, 1, 2, 3, 4],
    z: head[2] + 0.02 * h,
    radius: headRadius,
    bounds: boundsOf([head[0]], [head[1]], headRadius / 0.86),
    distance: (x, y) => {
      const dx = x - head[0];
      const dy = (y - head[1]) * 0.86;
      return Math.sqrt(dx * dx + dy * dy) - headRadius;
    },
  });
  return parts.sort((a, b) => b.z - a.z);
}

function between(a: Point3, b: Point3, t: number): Point3 {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function boundsOf(xs: readonly number[], ys: readonly number[], margin: number): [number, number, number, number] {
  return [Math.min(...xs) - margin, Math.min(...ys) - margin, Math.max(...xs) + margin, Math.max(...ys) + margin];
}
