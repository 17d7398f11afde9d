import type { DataPlace } from '../data-error.ts';
import { dataError, shown } from '../data-error.ts';

/** A polygon's outline `[P * 2]`: x0, y0, x1, y1, … in continuous picture coordinates, closed by itself. */
export type Polygon = ArrayLike<number>;

const farthest = 2 ** 26;

/** Throws `GLID_DATA` unless this is a polygon: at least three points, an even number of finite coordinates. */
export function checkPolygon(polygon: unknown, place: DataPlace = {}): Polygon {
  const points = polygon as ArrayLike<unknown>;
  const listed = Array.isArray(polygon) || ArrayBuffer.isView(polygon);
  if (!listed || points.length < 6 || points.length % 2 !== 0) {
    const got = listed ? `${points.length} numbers` : typeof polygon;
    throw dataError(
      { ...place, got },
      `A polygon is made of ${got}.`,
      'Give x and y of at least three points; drop outlines that have fewer.',
    );
  }
  for (let i = 0; i < points.length; i++) {
    const value = points[i];
    if (typeof value !== 'number' || !(Math.abs(value) <= farthest)) {
      const what = `Coordinate ${i} of a polygon is ${shown(value)}.`;
      throw dataError({ ...place, index: i, got: value }, what, 'Coordinates must be finite numbers of pixels.');
    }
  }
  return points as Polygon;
}

/** Area enclosed by an outline, by the shoelace formula; square pixels. Parts of opposite orientation cancel where it crosses itself. */
export function polygonArea(polygon: Polygon): number {
  checkPolygon(polygon);
  const n = polygon.length;
  const [originX, originY] = [polygon[0]!, polygon[1]!];
  let twice = 0;
  for (let i = 0; i < n; i += 2) {
    const x = polygon[i]! - originX;
    const y = polygon[i + 1]! - originY;
    const nextX = polygon[(i + 2) % n]! - originX;
    const nextY = polygon[(i + 3) % n]! - originY;
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}
