import { GlidError, type HostArray } from '@glid/base';
import { negatedPlanes, planesOf, type SampleField } from '../sample/sample.ts';
import type { AffineMatrix } from './affine-matrix.ts';

/** What a map of the picture does to the directions that a target holds: mirroring negates the x of vectors, all else leaves them. */
export function turnDirections({ field, value }: SampleField, [a, b, , d, e]: AffineMatrix): HostArray {
  const planes = negatedPlanes(field);
  if (planes.length === 0 || a * e - b * d > 0) return value;
  const ignore = field.kind === 'map' ? field.ignore : undefined;
  const data = value.data.slice();
  const size = data.length / planesOf(field, value);
  for (const plane of planes) {
    for (let i = plane * size; i < (plane + 1) * size; i++) if (data[i] !== ignore) data[i] = 0 - data[i]!;
  }
  return { data, shape: value.shape };
}

/** Throws `GLID_USAGE` where a rotation meets a target that holds directions: it would have to turn them. */
export function refuseRotation(fields: { readonly [name: string]: SampleField }, [, b, , d]: AffineMatrix): void {
  if (b === 0 && d === 0) return;
  const directed = Object.entries(fields).find(([, { field }]) => negatedPlanes(field).length > 0);
  if (!directed) return;
  throw new GlidError('GLID_USAGE', `The target '${directed[0]}' holds directions, which a rotation would turn.`, {
    fix: 'Leave rotations out of the pipeline: what has `negateOnFlip` can be scaled, cropped and mirrored only.',
    details: { field: directed[0] },
  });
}
