import { GlidError } from '@glid/base';

/**
 * Where the Gaussian of a joint is put:
 * - `udp` (Huang et al. 2020; ViTPose): unit length is (size - 1), centre unrounded, support 3 sigma around the nearest cell;
 * - `unbiased` (DARK, Zhang et al. 2020): centre unrounded, over the whole map;
 * - `quantised` (SimpleBaseline, HRNet): centre rounded to a cell, support 3 sigma.
 */
export type HeatmapEncoding = 'udp' | 'unbiased' | 'quantised';

export interface HeatmapGeometry {
  /** Size of the network input that the joints are given in. */
  readonly inputSize: readonly [height: number, width: number];
  readonly heatmapSize: readonly [height: number, width: number];
  /** Standard deviation in cells of the heat map; 2 for 64 x 48. */
  readonly sigma: number;
}

export interface HeatmapTargets {
  /** `[J, H, W]`, peak 1 (exactly 1 only where the centre is a cell). */
  readonly maps: Float32Array;
  /** `[J]`: 0 where the joint is not annotated or too far outside, else 1. */
  readonly weights: Float32Array;
}

/**
 * Target heat maps of one body.
 *
 * @param joints `[J, 3]`: x, y in pixels of the network input, visibility (0 = not annotated)
 */
export function encodeHeatmaps(
  joints: ArrayLike<number>,
  geometry: HeatmapGeometry,
  encoding: HeatmapEncoding = 'udp',
): HeatmapTargets {
  if (joints.length % 3 !== 0) {
    throw new GlidError('GLID_SHAPE', `${joints.length} numbers are no list of joints [J, 3].`, {
      fix: 'Give x, y and visibility of every joint.',
    });
  }
  const [height, width] = geometry.heatmapSize;
  const count = joints.length / 3;
  const maps = new Float32Array(count * height * width);
  const weights = new Float32Array(count);
  for (let j = 0; j < count; j++) {
    if (!(joints[j * 3 + 2]! > 0)) continue;
    const map = maps.subarray(j * height * width, (j + 1) * height * width);
    if (drawGaussian(map, joints[j * 3]!, joints[j * 3 + 1]!, geometry, encoding)) weights[j] = 1;
  }
  return { maps, weights };
}

/** False when the support of the Gaussian lies outside the map, which then stays empty. */
function drawGaussian(
  map: Float32Array,
  x: number,
  y: number,
  { inputSize, heatmapSize, sigma }: HeatmapGeometry,
  encoding: HeatmapEncoding,
): boolean {
  const [height, width] = heatmapSize;
  const ends = encoding === 'udp' ? 1 : 0;
  const exactX = (x * (width - ends)) / (inputSize[1] - ends);
  const exactY = (y * (height - ends)) / (inputSize[0] - ends);
  const [nearX, nearY] = [Math.trunc(exactX + 0.5), Math.trunc(exactY + 0.5)];
  const radius = 3 * sigma;
  const [aroundX, aroundY] = encoding === 'unbiased' ? [exactX, exactY] : [nearX, nearY];
  const [left, top] = [Math.trunc(aroundX - radius), Math.trunc(aroundY - radius)];
  const [right, bottom] = [Math.trunc(aroundX + radius + 1), Math.trunc(aroundY + radius + 1)];
  if (left >= width || top >= height || right < 0 || bottom < 0) return false;

  const [centreX, centreY] = encoding === 'quantised' ? [nearX, nearY] : [exactX, exactY];
  const everywhere = encoding === 'unbiased';
  const [x0, x1] = everywhere ? [0, width] : [Math.max(0, left), Math.min(width, right)];
  const [y0, y1] = everywhere ? [0, height] : [Math.max(0, top), Math.min(height, bottom)];
  const slope = -1 / (2 * sigma * sigma);
  for (let v = y0; v < y1; v++) {
    const dy = (v - centreY) ** 2;
    for (let u = x0; u < x1; u++) map[v * width + u] = Math.exp(((u - centreX) ** 2 + dy) * slope);
  }
  return true;
}
