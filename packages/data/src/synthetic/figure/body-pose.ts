import type { Random } from '@glid/base';
import { sinCos } from '../exact-math.ts';

/** A point of the body: right, up, towards the viewer; metres, origin between the feet. */
export type Point3 = readonly [x: number, y: number, z: number];

/** The joints of one posed body, in COCO order, and what else drawing needs. */
export interface BodyPose {
  /** Metres. */
  readonly height: number;
  readonly joints: readonly Point3[];
  readonly head: Point3;
  readonly headRadius: number;
  /** Where the body looks: right and towards the viewer. */
  readonly forward: readonly [x: number, z: number];
}

interface LimbAngles {
  /** Turns forward from hanging down. */
  readonly swing: number;
  /** Turns outward from the body. */
  readonly spread: number;
  /** Turns that the second bone bends: knees backward, elbows forward. */
  readonly bend: number;
}

/** Limb lengths as shares of the height follow common drawing proportions (a body of eight heads). */
export function randomBodyPose(random: Random): BodyPose {
  const height = random.uniform(1.25, 1.95);
  const facing = sinCos(random.boolean(0.6) ? random.uniform(-0.12, 0.12) : random.uniform());
  const gait = random.uniform(-1, 1) * (random.boolean(0.4) ? 0.13 : 0.03);
  const squat = random.boolean(0.2) ? random.uniform(0.06, 0.2) : 0;
  const leg = (swing: number): LimbAngles => ({
    swing: swing + squat,
    spread: random.uniform(0, 0.05) + (random.boolean(0.15) ? 0.05 : 0),
    bend: squat * 2 + random.uniform(0, 0.03) + (swing < -0.05 ? random.uniform(0, 0.15) : 0),
  });
  const arm = (): LimbAngles => {
    const raised = random.boolean(0.35);
    return {
      swing: random.uniform(-0.08, 0.12),
      spread: raised ? random.uniform(0.15, 0.45) : random.uniform(0.02, 0.12),
      bend: random.uniform(0, raised ? 0.2 : 0.3),
    };
  };
  const lean = sinCos(random.uniform(-0.03, 0.03));
  const place = bodyFrame(facing);

  const hipsUp = 0.5 * height;
  const limb = (
    root: Point3,
    side: number,
    angles: LimbAngles,
    bones: readonly [number, number],
    elbow: number,
  ): Point3[] => {
    const upper = sinCos(angles.swing);
    const out = sinCos(angles.spread);
    const lower = sinCos(angles.swing + elbow * angles.bend);
    const first = add(root, place(side * out.sin * bones[0], -upper.cos * out.cos * bones[0], upper.sin * bones[0]));
    const turned = elbow > 0 ? sinCos(angles.spread + angles.bend * 0.6) : out;
    const second = add(
      first,
      place(side * turned.sin * bones[1], -lower.cos * turned.cos * bones[1], lower.sin * bones[1]),
    );
    return [first, second];
  };
  const torso = (across: number, up: number): Point3 => {
    const y = hipsUp + up * lean.cos;
    const p = place(across, 0, 0);
    return [p[0] + up * lean.sin, y, p[2]];
  };
  const shoulders = [torso(0.115 * height, 0.3 * height), torso(-0.115 * height, 0.3 * height)] as const;
  const hips = [torso(0.065 * height, 0), torso(-0.065 * height, 0)] as const;
  const legs = [
    limb(hips[0], 1, leg(gait), [0.245 * height, 0.245 * height], -1),
    limb(hips[1], -1, leg(-gait), [0.245 * height, 0.245 * height], -1),
  ] as const;
  const arms = [
    limb(shoulders[0], 1, arm(), [0.165 * height, 0.15 * height], 1),
    limb(shoulders[1], -1, arm(), [0.165 * height, 0.15 * height], 1),
  ] as const;

  const headRadius = 0.074 * height;
  const nod = random.uniform(-0.25, 0.25) * headRadius;
  const head = add(torso(0, 0.405 * height), place(random.uniform(-0.2, 0.2) * headRadius, 0, 0.1 * headRadius));
  const face = (across: number, up: number, ahead: number): Point3 =>
    add(head, place(across * headRadius, up * headRadius + nod, ahead * headRadius));
  const joints = [
    face(0, -0.15, 0.98),
    face(0.38, 0.18, 0.86),
    face(-0.38, 0.18, 0.86),
    face(0.97, 0.02, 0),
    face(-0.97, 0.02, 0),
    ...shoulders,
    arms[0][0]!,
    arms[1][0]!,
    arms[0][1]!,
    arms[1][1]!,
    ...hips,
    legs[0][0]!,
    legs[1][0]!,
    legs[0][1]!,
    legs[1][1]!,
  ];
  const lowest = Math.min(joints[15]![1], joints[16]![1]) - 0.035 * height;
  const lift = ([x, y, z]: Point3): Point3 => [x, y - lowest, z];
  const [forwardX, , forwardZ] = place(0, 0, 1);
  return { height, joints: joints.map(lift), head: lift(head), headRadius, forward: [forwardX, forwardZ] };
}

/** Body axes (left, up, forward) to the viewer's axes. Facing 0 looks at the viewer: the body's left is on the right. */
function bodyFrame(facing: {
  readonly sin: number;
  readonly cos: number;
}): (left: number, up: number, forward: number) => Point3 {
  return (left, up, forward) => [
    left * facing.cos - forward * facing.sin,
    up,
    left * facing.sin + forward * facing.cos,
  ];
}

function add(a: Point3, b: Point3): Point3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}
