import { GlidError } from '../errors.ts';

/** N of a flat `[N, 4]` array. Throws `GLID_SHAPE` when the length is not a multiple of 4. */
export function boxCount(boxes: ArrayLike<number>): number {
  if (boxes.length % 4 !== 0) {
    throw new GlidError('GLID_SHAPE', `Boxes need four numbers each, but there are ${boxes.length} numbers.`, {
      fix: 'Pass boxes as one flat array [N, 4].',
      details: { length: boxes.length },
    });
  }
  return boxes.length / 4;
}
