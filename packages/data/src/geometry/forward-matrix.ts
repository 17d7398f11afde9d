import { type AffineMatrix, inverseAffine } from './affine-matrix.ts';
import type { Geometry } from './geometry.ts';

/** Input to output coordinates. */
export function forwardMatrix(geometry: Geometry): AffineMatrix {
  if (geometry.kind === 'affine') return inverseAffine(geometry.matrix);
  const { source, resized, flip, window } = geometry;
  const sx = resized[1] / source.width;
  const sy = resized[0] / source.height;
  const y = -source.y * sy - window.y;
  return flip
    ? [-sx, 0, resized[1] + source.x * sx - window.x, 0, sy, y]
    : [sx, 0, -source.x * sx - window.x, 0, sy, y];
}

/** The part of the output that shows the input: all of it but the padding. */
export function shownSize(geometry: Geometry): readonly [height: number, width: number] {
  return geometry.kind === 'affine' ? geometry.output : [geometry.window.height, geometry.window.width];
}
