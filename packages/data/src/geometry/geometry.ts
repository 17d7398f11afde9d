import type { Size } from '../sample/sample.ts';
import type { AffineMatrix } from './affine-matrix.ts';

/** Whole pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** `bilinear` and `bicubic` widen their support when they shrink (antialiasing, as Pillow does). */
export type Filter = 'bilinear' | 'bicubic';

/** What fills places that the picture does not reach, 0..255. */
export type Fill = readonly [red: number, green: number, blue: number];

/** The ImageNet mean: zero after normalisation, nearly. */
export const meanFill: Fill = [124, 116, 104];

/**
 * Crop, scale, mirror, crop, pad in one: `source` (a part of the input) is scaled to `resized`, mirrored where `flip`,
 * of that the `window` is kept and put at the left top of `output`; the rest is filled.
 */
export interface AxisGeometry {
  readonly kind: 'axis';
  readonly source: Rect;
  readonly resized: Size;
  readonly flip: boolean;
  readonly window: Rect;
  readonly output: Size;
  readonly filter: Filter;
  readonly fill: Fill;
}

/** Any affine map, sampled once, bilinear, without antialiasing (as OpenCV's warpAffine). */
export interface AffineGeometry {
  readonly kind: 'affine';
  /** Output to input. */
  readonly matrix: AffineMatrix;
  readonly output: Size;
  readonly fill: Fill;
}

export type Geometry = AxisGeometry | AffineGeometry;

const unfiltered = { filter: 'bilinear', fill: meanFill } as const;

export function wholeRect([height, width]: Size): Rect {
  return { x: 0, y: 0, width, height };
}

export function cropGeometry(rect: Rect): AxisGeometry {
  const size: Size = [rect.height, rect.width];
  return {
    kind: 'axis',
    source: rect,
    resized: size,
    flip: false,
    window: wholeRect(size),
    output: size,
    ...unfiltered,
  };
}

export function flipGeometry(size: Size): AxisGeometry {
  return { ...cropGeometry(wholeRect(size)), flip: true };
}

/** Scales a part of the input (default all of it) to `size`. */
export function resizeGeometry(source: Rect, size: Size, filter: Filter = 'bilinear'): AxisGeometry {
  return { ...cropGeometry(source), resized: size, window: wholeRect(size), output: size, filter };
}

/** Keeps `size` at the left top of a larger `output`. */
export function padGeometry(size: Size, output: Size, fill: Fill = meanFill): AxisGeometry {
  return { ...cropGeometry(wholeRect(size)), output, fill };
}

/** True when no pixel is interpolated. */
export function isUnscaled(g: AxisGeometry): boolean {
  return g.resized[0] === g.source.height && g.resized[1] === g.source.width;
}

export function isPadding(g: AxisGeometry): boolean {
  return g.output[0] !== g.window.height || g.output[1] !== g.window.width;
}

/** The part of the input that an unscaled geometry shows. */
export function shownRect(g: AxisGeometry): Rect {
  const x = g.flip ? g.source.width - g.window.x - g.window.width : g.window.x;
  return { x: g.source.x + x, y: g.source.y + g.window.y, width: g.window.width, height: g.window.height };
}

export function isIdentity(g: Geometry, [height, width]: Size): boolean {
  if (g.kind === 'affine' || g.flip || !isUnscaled(g) || isPadding(g)) return false;
  const { x, y, width: w, height: h } = shownRect(g);
  return x === 0 && y === 0 && w === width && h === height;
}
