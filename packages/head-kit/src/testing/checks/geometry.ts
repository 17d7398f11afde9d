import type { Shape2D } from '../../spec/drawing.ts';
import { must } from '../check.ts';

/** Where the points of the plain picture must be found. */
export interface Placement {
  readonly x: (x: number) => number;
  readonly y: (y: number) => number;
  readonly size: readonly [height: number, width: number];
  /** Size of the plain picture. */
  readonly from: readonly [height: number, width: number];
  readonly mirrored: boolean;
}

/** Pixel centres and corners may be counted differently: a little over one pixel is allowed. */
const slack = 1.25;

/** Fails unless shapes lie where the placement carries the plain ones. */
export function mustFollow(got: readonly Shape2D[], plain: readonly Shape2D[], to: Placement, what: string): void {
  must(
    got.length === plain.length,
    `draw gives ${got.length} shapes ${what} and ${plain.length} of the same picture as it is: it must give as many, in the same order, however the picture was fed.`,
  );
  got.forEach((shape, k) => {
    const from = plain[k]!;
    const where = `${shape.kind} ${k} ${what}`;
    must(
      shape.kind === from.kind,
      `${where} is a ${from.kind} of the same picture as it is: draw must give the same shapes in the same order, however the picture was fed.`,
    );
    if (shape.kind === 'box' && from.kind === 'box') followBox(shape.xyxy, from.xyxy, to, where);
    else if (shape.kind === 'points' && from.kind === 'points') followPoints(shape.xy, from.xy, to, where);
    else if (shape.kind === 'mask' && from.kind === 'mask') followMap(shape, from, to, where, 0.03, 1);
    else if (shape.kind === 'heatmap' && from.kind === 'heatmap') {
      followMap(shape, from, to, where, 0.1 * (from.range[1] - from.range[0]));
    } else if (shape.kind === 'picture' && from.kind === 'picture') {
      for (const channel of [0, 1, 2]) {
        followMap(channelOf(shape, channel), channelOf(from, channel), to, `channel ${channel} of ${where}`, 0.1 * 255);
      }
    }
  });
}

type Xyxy = readonly [number, number, number, number];

/** Compared within the part of the picture that was fed: boxes are cut at the border when they are drawn. */
function followBox(got: Xyxy, plain: Xyxy, to: Placement, where: string): void {
  const [height, width] = to.from;
  const inX = clampTo(to.x(0), to.x(width));
  const inY = clampTo(to.y(0), to.y(height));
  const [a, b] = [inX(to.x(plain[0])), inX(to.x(plain[2]))];
  const expected = [Math.min(a, b), inY(to.y(plain[1])), Math.max(a, b), inY(to.y(plain[3]))];
  const seen = [inX(got[0]), inY(got[1]), inX(got[2]), inY(got[3])];
  for (let k = 0; k < 4; k++) {
    must(
      Math.abs(seen[k]! - expected[k]!) <= slack,
      `${where} is [${got.join(', ')}], expected [${expected.join(', ')}].`,
    );
  }
}

function clampTo(a: number, b: number): (value: number) => number {
  return (value) => Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b));
}

/** In a mirrored picture left and right joints change places: then the points are compared as a set. */
function followPoints(
  got: readonly (readonly [number, number])[],
  plain: readonly (readonly [number, number])[],
  to: Placement,
  where: string,
): void {
  must(got.length === plain.length, `${where} has ${got.length} points, expected ${plain.length}.`);
  const free = got.map((_, k) => k);
  plain.forEach(([x, y], k) => {
    if (Number.isNaN(x)) return;
    const [u, v] = [to.x(x), to.y(y)];
    const near = (j: number): boolean => Math.abs(got[j]![0] - u) <= 2 * slack && Math.abs(got[j]![1] - v) <= 2 * slack;
    const at = to.mirrored ? free.findIndex(near) : near(k) ? free.indexOf(k) : -1;
    must(at >= 0, `${where}: point ${k} should lie at ${u}, ${v}.`);
    free.splice(at, 1);
  });
}

interface MapShape {
  readonly data: ArrayLike<number>;
  readonly size: readonly [number, number];
}

function channelOf({ data, size }: Extract<Shape2D, { kind: 'picture' }>, channel: number): MapShape {
  return { data: data.filter((_, i) => i % 3 === channel), size };
}

/**
 * Compares a map with the plain one, cell by cell, within the part of the picture that was fed. A cell agrees with the nearest value
 * within `reach` cells: the edge of a mask may move by a pixel when it is resampled.
 */
function followMap(got: MapShape, plain: MapShape, to: Placement, where: string, tolerance: number, reach = 0): void {
  must(
    got.size[0] === to.size[0] && got.size[1] === to.size[1],
    `${where} is ${got.size.join(' x ')}, the picture is ${to.size.join(' x ')}.`,
  );
  const [height, width] = plain.size;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [Math.floor(to.x(x + 0.5)), Math.floor(to.y(y + 0.5))];
      sum += nearestDifference(got.data[v * got.size[1] + u]!, plain, x, y, reach);
    }
  }
  const mean = sum / (height * width);
  must(mean <= tolerance, `${where} differs from the plain one, carried along, by ${mean} a pixel.`);
}

function nearestDifference(value: number, plain: MapShape, x: number, y: number, reach: number): number {
  const [height, width] = plain.size;
  let least = Number.POSITIVE_INFINITY;
  for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
    for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) {
      least = Math.min(least, Math.abs(value - plain.data[v * width + u]!));
    }
  }
  return least;
}
