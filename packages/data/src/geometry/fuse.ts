import type { Size } from '../sample/sample.ts';
import { type AffineMatrix, multiplyAffine } from './affine-matrix.ts';
import {
  type AffineGeometry,
  type AxisGeometry,
  type Geometry,
  isPadding,
  isUnscaled,
  type Rect,
  shownRect,
} from './geometry.ts';

/** `first` then `second` as one geometry, or null where one resampling would not give the same picture. */
export function fuse(first: Geometry, second: Geometry, input: Size): Geometry | null {
  if (first.kind === 'axis' && isPadding(first)) return null;
  if (second.kind === 'affine') {
    return first.kind === 'axis' && isMirror(first, input) ? mirrorThenAffine(second, input) : null;
  }
  if (isUnscaled(second)) {
    return first.kind === 'axis' ? axisThenSelection(first, second) : affineThenSelection(first, second);
  }
  return first.kind === 'axis' && isUnscaled(first) ? selectionThenAxis(first, second) : null;
}

function isMirror(g: AxisGeometry, [height, width]: Size): boolean {
  return g.flip && isUnscaled(g) && g.window.width === width && g.window.height === height;
}

function mirrorThenAffine(second: AffineGeometry, [, width]: Size): AffineGeometry {
  return { ...second, matrix: multiplyAffine([-1, 0, width, 0, 1, 0], second.matrix) };
}

/** Scaling whatever, then choosing, mirroring, padding: less of the same scaling is computed. */
function axisThenSelection(first: AxisGeometry, second: AxisGeometry): AxisGeometry {
  const shown = shownRect(second);
  const left = first.window.x + shown.x;
  const window: Rect = {
    x: second.flip ? first.resized[1] - left - shown.width : left,
    y: first.window.y + shown.y,
    width: shown.width,
    height: shown.height,
  };
  return { ...first, flip: first.flip !== second.flip, window, output: second.output, fill: second.fill };
}

/** Choosing and mirroring, then scaling: the scaling reads a part of the original. */
function selectionThenAxis(first: AxisGeometry, second: AxisGeometry): AxisGeometry {
  const shown = shownRect(first);
  const { x, width } = second.source;
  const source: Rect = {
    ...second.source,
    x: shown.x + (first.flip ? shown.width - x - width : x),
    y: shown.y + second.source.y,
  };
  return { ...second, source, flip: first.flip !== second.flip };
}

function affineThenSelection(first: AffineGeometry, second: AxisGeometry): AffineGeometry | null {
  if (isPadding(second)) return null;
  const { x, y, width } = shownRect(second);
  const selection: AffineMatrix = second.flip ? [-1, 0, x + width, 0, 1, y] : [1, 0, x, 0, 1, y];
  return { ...first, matrix: multiplyAffine(first.matrix, selection), output: second.output };
}
