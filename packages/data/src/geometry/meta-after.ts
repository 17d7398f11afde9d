import type { ImageMeta } from '@glid/base';
import { type AffineMatrix, inverseAffine } from './affine-matrix.ts';
import { forwardMatrix, shownSize } from './forward-matrix.ts';
import type { Geometry } from './geometry.ts';

/**
 * How the original was fed, after one more geometry. `crop` is the fed region in continuous original coordinates, edge
 * to edge: `x_original = crop.x + x_input * crop.width / resizedSize[1]` (mirrored: from the right). A rotation cannot
 * be said this way: the region is then the upright one around the same centre, an approximation for logs only.
 */
export function metaAfter(meta: ImageMeta, geometry: Geometry): ImageMeta {
  const resizedSize = shownSize(geometry);
  const { a, b, x, y } = unrotated(inverseAffine(forwardMatrix(geometry)), resizedSize);
  const [oldHeight, oldWidth] = meta.resizedSize;
  const [fullHeight, fullWidth] = meta.originalSize;
  const old = meta.crop ?? { x: 0, y: 0, width: fullWidth, height: fullHeight };
  const kx = old.width / oldWidth;
  const ky = old.height / oldHeight;
  const width = Math.abs(a) * resizedSize[1];
  const height = b * resizedSize[0];
  const left = a < 0 ? x - width : x;
  const flipped = meta.flippedHorizontally === true;
  const crop = {
    x: old.x + (flipped ? oldWidth - left - width : left) * kx,
    y: old.y + y * ky,
    width: width * kx,
    height: height * ky,
  };
  const whole = near(crop.x, 0) && near(crop.y, 0) && near(crop.width, fullWidth) && near(crop.height, fullHeight);
  const { crop: _, flippedHorizontally: __, ...rest } = meta;
  return {
    ...rest,
    resizedSize,
    inputSize: geometry.output,
    ...(whole ? {} : { crop }),
    ...(flipped !== a < 0 ? { flippedHorizontally: true } : {}),
  };
}

/** Scale and origin of an output-to-input map; a rotation is taken out around the centre of the output. */
function unrotated(
  [a, b, c, d, e, f]: AffineMatrix,
  [height, width]: readonly [number, number],
): { a: number; b: number; x: number; y: number } {
  if (b === 0 && d === 0) return { a, b: e, x: c, y: f };
  const sign = a * e - b * d < 0 ? -1 : 1;
  const sx = sign * Math.sqrt(a * a + d * d);
  const sy = Math.sqrt(b * b + e * e);
  const cx = (a * width + b * height) / 2 + c;
  const cy = (d * width + e * height) / 2 + f;
  return { a: sx, b: sy, x: cx - (sx * width) / 2, y: cy - (sy * height) / 2 };
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b));
}
