import { GlidError } from '@glid/base';
import {
  matMul,
  reshape,
  slice,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import type { Size } from '../encoder/window-geometry.ts';

/** A part of a picture in original pixels, edge to edge: the whole picture is `{ x: 0, y: 0, width, height }`. It may reach outside. */
export interface ImageRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * How a region becomes a network input. `area`: edge to edge and antialiased, as whole pictures are. `udp`: the centres of the outermost
 * pixels lie on the region's frame, sampled once, bilinear; what top-down pose is trained with (Huang et al. 2020; `poseCrop` of
 * `@glid/data`). Outside the picture it is black.
 */
export type RegionSampling = 'area' | 'udp';

/** Refuses regions without area and regions that show nothing of the picture. @throws GLID_USAGE */
export function checkRegion(region: ImageRegion, [height, width]: Size): void {
  const { x, y, width: w, height: h } = region;
  const whole = [x, y, w, h].every(Number.isFinite) && w > 0 && h > 0;
  if (whole && x < width && y < height && x + w > 0 && y + h > 0) return;
  const reason = whole ? `lies outside the picture of ${width} x ${height} pixels` : 'has no area';
  throw new GlidError('GLID_USAGE', `The region { x: ${x}, y: ${y}, width: ${w}, height: ${h} } ${reason}.`, {
    fix: 'Give regions in pixels of the original picture, and leave such regions out.',
    details: { region },
  });
}

/** What `size` pixels of a region look at, along both axes, in continuous original coordinates: `ImageMeta.crop`. */
export function fedRegion({ x, y, width, height }: ImageRegion, size: Size, sampling: RegionSampling): ImageRegion {
  const across = grid(x, width, size[1], sampling);
  const down = grid(y, height, size[0], sampling);
  return {
    x: across.first - across.step / 2,
    y: down.first - down.step / 2,
    width: across.step * size[1],
    height: down.step * size[0],
  };
}

/** `[H, W, 3]` -> `[h, w, 3]`: a region at `size`, as two matrix products over the pixels it covers. */
export function sampleRegion(image: Tensor3D, region: ImageRegion, size: Size, sampling: RegionSampling): Tensor3D {
  const [height, width, channels] = image.shape;
  const down = axisWeights(grid(region.y, region.height, size[0], sampling), size[0], height, sampling);
  const across = axisWeights(grid(region.x, region.width, size[1], sampling), size[1], width, sampling);
  if (down.count === 0 || across.count === 0) return zeros([...size, channels]);
  const seen = slice(image, [down.start, across.start, 0], [down.count, across.count, channels]);
  const rows = matMul(matrix(down, size[0]), reshape(seen, [down.count, across.count * channels]));
  const turned = transpose(reshape(rows, [size[0], across.count, channels]), [1, 0, 2]);
  const columns = matMul(matrix(across, size[1]), reshape(turned, [across.count, size[0] * channels]));
  return transpose(reshape(columns, [size[1], size[0], channels]), [1, 0, 2]);
}

/** Centre of the first output pixel and the distance of the next, in continuous original coordinates. */
interface Grid {
  readonly first: number;
  readonly step: number;
}

function grid(start: number, extent: number, size: number, sampling: RegionSampling): Grid {
  if (sampling === 'udp' && size > 1) return { first: start, step: extent / (size - 1) };
  const step = extent / size;
  return { first: start + step / 2, step };
}

/** Row-major `[size, count]`: the weights of the original pixels `start` … `start + count - 1`; all others have none. */
interface AxisWeights {
  readonly start: number;
  readonly count: number;
  readonly weights: Float32Array;
}

function axisWeights({ first, step }: Grid, size: number, length: number, sampling: RegionSampling): AxisWeights {
  const reach = sampling === 'area' ? Math.max(1, step) : 1;
  const clamp = (n: number): number => Math.max(0, Math.min(length, n));
  const start = clamp(Math.floor(first - reach));
  const end = Math.max(start, clamp(Math.ceil(first + (size - 1) * step + reach)));
  const count = end - start;
  const weights = new Float32Array(size * count);
  for (let i = 0; i < size; i++) {
    const centre = first + i * step;
    if (sampling === 'area' && (centre < 0 || centre > length)) continue;
    const row = i * count - start;
    const from = clamp(Math.floor(centre - reach));
    const to = clamp(Math.ceil(centre + reach));
    let sum = 0;
    for (let j = from; j < to; j++) sum += triangle(centre, j, reach);
    // Bilinear weights sum to 1 with those that fall outside, which is black there.
    const total = sampling === 'area' ? sum : 1;
    for (let j = from; j < to; j++) weights[row + j] = triangle(centre, j, reach) / total;
  }
  return { start, count, weights };
}

function triangle(centre: number, pixel: number, reach: number): number {
  return Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / reach);
}

function matrix({ weights, count }: AxisWeights, size: number): Tensor2D {
  return tensor2d(weights, [size, count]);
}
