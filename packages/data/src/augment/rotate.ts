import type { AffineMatrix } from '../geometry/affine-matrix.ts';
import { type Fill, meanFill } from '../geometry/geometry.ts';
import { type Augmentation, checkProbability } from './augmentation.ts';

export interface RandomRotationOptions {
  /** Drawn evenly in -degrees..degrees. */
  readonly degrees: number;
  readonly probability?: number;
  readonly fill?: Fill;
}

/** Turns the picture around its centre, size kept. For training only: meta data cannot say a rotation. Refused for targets with `negateOnFlip`. */
export function randomRotation({ degrees, probability = 1, fill = meanFill }: RandomRotationOptions): Augmentation {
  checkProbability('randomRotation', probability);
  return {
    kind: 'geometric',
    name: 'randomRotation',
    plan(size, random) {
      if (!random.boolean(probability)) return null;
      const angle = (random.uniform(-degrees, degrees) * Math.PI) / 180;
      const [height, width] = size;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      const cx = width / 2;
      const cy = height / 2;
      const matrix: AffineMatrix = [cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy];
      return { kind: 'affine', matrix, output: size, fill };
    },
  };
}
