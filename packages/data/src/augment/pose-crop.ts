import { type BoxXyxy, dataError, type HostArray, type Random } from '@glid/base';
import type { AffineMatrix } from '../geometry/affine-matrix.ts';
import { applyGeometry } from '../geometry/apply-geometry.ts';
import type { Fill } from '../geometry/geometry.ts';
import type { Sample, Size } from '../sample/sample.ts';
import type { Augmentation } from './augmentation.ts';

/** Chance in a top-down crop; what is absent does not happen. */
export interface PoseCropChance {
  /** Probability of mirroring. */
  readonly flip?: number;
  /** Moves the centre by up to `amount / 2` of the box, with a probability. */
  readonly shift?: { readonly probability: number; readonly amount: number };
  /** Looks at the upper or the lower half of the body, where more than `moreThan` joints are labelled. */
  readonly halfBody?: {
    readonly probability: number;
    readonly moreThan: number;
    readonly padding: number;
    /** Joints that count as the upper half. */
    readonly upper: readonly number[];
  };
  /** Spread of the factor `1 + N(0, 1) * scale`, cut to `1 - scale .. 1 + scale`. */
  readonly scale?: number;
  /** Spread of the angle `N(0, 1) * degrees`, cut at twice that, with a probability. */
  readonly rotation?: { readonly probability: number; readonly degrees: number };
}

export interface PoseCropOptions {
  /** Default [256, 192]. */
  readonly size?: Size;
  /** Widens the box. Default 1.25. */
  readonly padding?: number;
  readonly chance?: PoseCropChance;
  /** Default black. */
  readonly fill?: Fill;
}

/** Where a top-down crop looks, in continuous original pixels. */
export interface PoseFrame {
  readonly center: readonly [x: number, y: number];
  readonly width: number;
  readonly height: number;
}

/**
 * Top-down crop around the sample's `focus` (ViTPose, GLID-SPEC 6.4): the box grows to the crop's aspect ratio and by the
 * padding, then one affine sampling with unbiased geometry (UDP, Huang et al. 2020): the centres of the outermost pixels lie
 * on the frame, so scales are (size - 1) / frame. Joints outside keep their place and visibility.
 * Throws `GLID_DATA` for a sample without focus, `GLID_USAGE` where a rotation is drawn and a target has `negateOnFlip`.
 */
export function poseCrop(options: PoseCropOptions = {}): Augmentation {
  const { size = [256, 192], padding = 1.25, chance = {}, fill = [0, 0, 0] } = options;
  return {
    kind: 'sample',
    name: 'poseCrop',
    apply(sample, random) {
      if (!sample.focus) {
        throw dataError(
          { id: sample.meta.id },
          'a pose crop needs one object.',
          'Load the data set through `onePerObject`.',
        );
      }
      const aspect = size[1] / size[0];
      let frame = frameOf(sample.focus, aspect, padding, random, chance.shift);
      const mirrored = random.boolean(chance.flip ?? 0);
      frame = halfBodyFrame(sample, aspect, random, chance.halfBody) ?? frame;
      if (chance.scale !== undefined) {
        const factor = clip(random.normal() * chance.scale + 1, 1 - chance.scale, 1 + chance.scale);
        frame = { ...frame, width: frame.width * factor, height: frame.height * factor };
      }
      const degrees = angle(random, chance.rotation);
      const matrix = poseMatrix(frame, size, degrees, mirrored);
      return applyGeometry(sample, { kind: 'affine', matrix, output: size, fill }, { keepOutside: true });
    },
  };
}

function frameOf(
  [x0, y0, x1, y1]: BoxXyxy,
  aspect: number,
  padding: number,
  random: Random,
  shift: PoseCropChance['shift'],
): PoseFrame {
  const [width, height] = [x1 - x0, y1 - y0];
  let center: readonly [number, number] = [x0 + width / 2, y0 + height / 2];
  if (shift && random.boolean(shift.probability)) {
    center = [
      center[0] + shift.amount * (random.uniform() - 0.5) * width,
      center[1] + shift.amount * (random.uniform() - 0.5) * height,
    ];
  }
  return { center, ...widened(width, height, aspect, padding) };
}

/** The short side grows to the aspect ratio, then both by the padding. */
function widened(width: number, height: number, aspect: number, padding: number): { width: number; height: number } {
  return width > aspect * height
    ? { width: width * padding, height: (width / aspect) * padding }
    : { width: height * aspect * padding, height: height * padding };
}

function halfBodyFrame(
  sample: Sample,
  aspect: number,
  random: Random,
  rules: PoseCropChance['halfBody'],
): PoseFrame | null {
  const points = Object.values(sample.fields).find(({ field }) => field.kind === 'points')?.value;
  if (!rules || !points) return null;
  const joints = labelledJoints(points);
  if (joints.length <= rules.moreThan || !random.boolean(rules.probability)) return null;
  const upper = joints.filter(({ joint }) => rules.upper.includes(joint));
  const lower = joints.filter(({ joint }) => !rules.upper.includes(joint));
  const wantsUpper = random.normal() < 0.5;
  const chosen = (wantsUpper && upper.length > 2) || lower.length <= 2 ? upper : lower;
  if (chosen.length < 2) return null;
  const xs = chosen.map(({ x }) => x);
  const ys = chosen.map(({ y }) => y);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const width = Math.max(...xs) - Math.min(...xs);
  const height = Math.max(...ys) - Math.min(...ys);
  return { center: [mean(xs), mean(ys)], ...widened(width, height, aspect, rules.padding) };
}

function labelledJoints({ data, shape }: HostArray): { joint: number; x: number; y: number }[] {
  return Array.from({ length: shape[0] === 0 ? 0 : shape[1]! }, (_, joint) => ({
    joint,
    x: data[joint * 3]!,
    y: data[joint * 3 + 1]!,
    v: data[joint * 3 + 2]!,
  })).filter(({ v }) => v > 0);
}

function angle(random: Random, rules: PoseCropChance['rotation']): number {
  if (!rules || !random.boolean(rules.probability)) return 0;
  return clip(random.normal() * rules.degrees, -2 * rules.degrees, 2 * rules.degrees);
}

/** Output to input, continuous coordinates; the rotation follows the mirroring. */
export function poseMatrix(frame: PoseFrame, [height, width]: Size, degrees: number, mirrored: boolean): AffineMatrix {
  const kx = frame.width / (width - 1);
  const ky = frame.height / (height - 1);
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const dx = -kx / 2 - frame.width / 2;
  const dy = -ky / 2 - frame.height / 2;
  const sign = mirrored ? -1 : 1;
  return [
    sign * cos * kx,
    sign * sin * ky,
    frame.center[0] + sign * (cos * dx + sin * dy),
    -sin * kx,
    cos * ky,
    frame.center[1] - sin * dx + cos * dy,
  ];
}

function clip(x: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, x));
}
