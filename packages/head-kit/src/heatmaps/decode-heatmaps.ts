import { GlidError } from '@glid/base';
import { blurWithZeros, gaussianKernel, reflect } from './gaussian-blur.ts';

/**
 * How a place finer than a cell is read from a heat map:
 * - `argmax`: the cell itself;
 * - `quarter` (SimpleBaseline, HRNet): a quarter of a cell towards the higher neighbour;
 * - `dark` (Zhang et al. 2020): one Newton step on the logarithm of the blurred map, second differences over 2 cells;
 * - `dark-udp` (Huang et al. 2020; ViTPose): the same with UDP's border and differences; goes with `udp` targets.
 */
export type HeatmapDecoding = 'argmax' | 'quarter' | 'dark' | 'dark-udp';

export interface DecodedHeatmaps {
  /** `[N, 2]`: x, y in cells of the heat map; 0, 0 where no value is above 0. */
  readonly xy: Float32Array;
  /** `[N]`: the highest value of the map as it was given. */
  readonly scores: Float32Array;
}

/**
 * Reads the place of each peak. Runs on the host, float64 inside.
 *
 * @param maps `[N, H, W]`, N = pictures x joints  @param size `[H, W]`
 * @param blur odd length of the Gaussian of `dark` and `dark-udp`; 11 for sigma 2
 */
export function decodeHeatmaps(
  maps: Float32Array,
  size: readonly [height: number, width: number],
  method: HeatmapDecoding = 'dark-udp',
  blur = 11,
): DecodedHeatmaps {
  const [height, width] = size;
  const cells = height * width;
  if (cells === 0 || maps.length % cells !== 0 || blur % 2 !== 1) {
    throw new GlidError(
      'GLID_SHAPE',
      `${maps.length} values are no heat maps of ${height} x ${width} (blur ${blur}).`,
      {
        fix: 'Pass [N, H, W] values, their H and W, and an odd blur length.',
      },
    );
  }
  const count = maps.length / cells;
  const kernel = gaussianKernel(blur);
  const xy = new Float32Array(count * 2);
  const scores = new Float32Array(count);
  for (let n = 0; n < count; n++) {
    const map = maps.subarray(n * cells, (n + 1) * cells);
    let best = 0;
    for (let i = 1; i < cells; i++) if (map[i]! > map[best]!) best = i;
    scores[n] = map[best]!;
    if (!(map[best]! > 0)) continue;
    const [x, y] = [best % width, Math.floor(best / width)];
    const [dx, dy] = offset(map, x, y, height, width, method, kernel);
    xy[n * 2] = x + dx;
    xy[n * 2 + 1] = y + dy;
  }
  return { xy, scores };
}

type Offset = readonly [dx: number, dy: number];
const none: Offset = [0, 0];

function offset(
  map: Float32Array,
  x: number,
  y: number,
  height: number,
  width: number,
  method: HeatmapDecoding,
  kernel: Float64Array,
): Offset {
  if (method === 'dark-udp') return udpStep(map, x, y, height, width, kernel);
  if (method === 'dark') {
    const inside = x > 1 && x < width - 2 && y > 1 && y < height - 2;
    return inside ? darkStep(modulate(map, height, width, kernel), x, y, width) : none;
  }
  const inside = x > 1 && x < width - 1 && y > 1 && y < height - 1;
  if (method === 'argmax' || !inside) return none;
  const at = y * width + x;
  return [0.25 * Math.sign(map[at + 1]! - map[at - 1]!), 0.25 * Math.sign(map[at + width]! - map[at - width]!)];
}

/** DARK's modulation: blurred with zeros outside, brought back to the old maximum; zeros where nothing is above 0. */
export function modulate(map: Float32Array, height: number, width: number, kernel: Float64Array): Float64Array {
  const blurred = blurWithZeros(map, height, width, kernel);
  let before = Number.NEGATIVE_INFINITY;
  let after = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < map.length; i++) {
    if (map[i]! > before) before = map[i]!;
    if (blurred[i]! > after) after = blurred[i]!;
  }
  const scale = before > 0 ? before / after : 0;
  for (let i = 0; i < blurred.length; i++) blurred[i] = blurred[i]! * scale;
  return blurred;
}

function darkStep(map: Float64Array, x: number, y: number, width: number): Offset {
  const at = (dx: number, dy: number): number => Math.log(Math.max(1e-10, map[(y + dy) * width + x + dx]!));
  const centre = at(0, 0);
  const gradient: Offset = [(at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2];
  const xx = (at(2, 0) - 2 * centre + at(-2, 0)) / 4;
  const yy = (at(0, 2) - 2 * centre + at(0, -2)) / 4;
  const xy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4;
  return newton(gradient, xx, xy, yy);
}

/** Needs the blurred map at nine cells only. */
function udpStep(map: Float32Array, x: number, y: number, height: number, width: number, kernel: Float64Array): Offset {
  const at = (dx: number, dy: number): number => {
    // The logarithms are padded by repeating the border.
    const u = Math.min(width - 1, Math.max(0, x + dx));
    const v = Math.min(height - 1, Math.max(0, y + dy));
    return Math.log(Math.min(50, Math.max(1e-3, blurredAt(map, u, v, height, width, kernel))));
  };
  const centre = at(0, 0);
  const [right, left, below, above] = [at(1, 0), at(-1, 0), at(0, 1), at(0, -1)];
  const xx = right - 2 * centre + left;
  const yy = below - 2 * centre + above;
  const xy = 0.5 * (at(1, 1) - right - below + 2 * centre - left - above + at(-1, -1));
  // The published code adds float32's epsilon to the diagonal.
  const epsilon = 2 ** -23;
  return newton([(right - left) / 2, (below - above) / 2], xx + epsilon, xy, yy + epsilon);
}

/** The blurred map at one cell, mirrored at the border. */
function blurredAt(
  map: Float32Array,
  x: number,
  y: number,
  height: number,
  width: number,
  kernel: Float64Array,
): number {
  const radius = (kernel.length - 1) / 2;
  let sum = 0;
  for (let j = 0; j < kernel.length; j++) {
    const row = reflect(y + j - radius, height) * width;
    let line = 0;
    for (let i = 0; i < kernel.length; i++) line += kernel[i]! * map[row + reflect(x + i - radius, width)]!;
    sum += kernel[j]! * line;
  }
  return sum;
}

/** The step to the extremum of the local parabola; none where it is degenerate. */
function newton([gx, gy]: Offset, xx: number, xy: number, yy: number): Offset {
  const determinant = xx * yy - xy * xy;
  if (determinant === 0) return none;
  return [-(yy * gx - xy * gy) / determinant, -(xx * gy - xy * gx) / determinant];
}
