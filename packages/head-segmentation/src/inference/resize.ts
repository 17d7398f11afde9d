import type { ImageMeta } from '@glid/head-kit';
import { resizeBilinear } from '@glid/ops';
import { reverse, slice, type Tensor4D } from '@tensorflow/tfjs-core';

/** Picture `image` of a batch of maps `[B, h, w, N]`: `[1, h, w, N]`. */
export function pictureOf(maps: Tensor4D, image: number): Tensor4D {
  return slice(maps, [image, 0, 0, 0], [1, -1, -1, -1]);
}

/** Maps at 1/4 scale `[1, h, w, N]` -> the unpadded part of the network's input, `[1, H, W, N]`; padding takes no part. Differentiable. */
export function toInputSize(maps: Tensor4D, meta: ImageMeta): Tensor4D {
  const [height, width] = meta.resizedSize;
  const stride = meta.inputSize[0] / maps.shape[1];
  const rows = Math.min(maps.shape[1], Math.ceil(height / stride));
  const columns = Math.min(maps.shape[2], Math.ceil(width / stride));
  const full = resized(corner(maps, rows, columns), Math.round(rows * stride), Math.round(columns * stride));
  return corner(full, height, width);
}

/** Maps at input size -> the size of the part of the original that was fed; a flip is undone. */
export function toOriginalSize(maps: Tensor4D, meta: ImageMeta): Tensor4D {
  const { height, width } = fedPart(meta);
  const full = resized(maps, height, width);
  return meta.flippedHorizontally ? reverse(full, 2) : full;
}

const isOf = ({ shape }: Tensor4D, height: number, width: number): boolean => shape[1] === height && shape[2] === width;

function corner(maps: Tensor4D, height: number, width: number): Tensor4D {
  return isOf(maps, height, width) ? maps : slice(maps, [0, 0, 0, 0], [1, height, width, -1]);
}

function resized(maps: Tensor4D, height: number, width: number): Tensor4D {
  return isOf(maps, height, width) ? maps : resizeBilinear(maps, [height, width]);
}

/** The part of the original that was fed, in whole pixels. */
export function fedPart(meta: ImageMeta): { x: number; y: number; height: number; width: number } {
  const { x = 0, y = 0, height = meta.originalSize[0], width = meta.originalSize[1] } = meta.crop ?? {};
  return { x: Math.round(x), y: Math.round(y), height: Math.round(height), width: Math.round(width) };
}

/** Lays a map of the fed part, `values` a pixel, into one of the original size, `fill` elsewhere. */
export function placeInOriginal<T extends Uint8Array | Int32Array | Float32Array>(
  map: T,
  meta: ImageMeta,
  fill: number,
  values = 1,
): T {
  const { x, y, height, width } = fedPart(meta);
  const [rows, columns] = meta.originalSize;
  if (rows === height && columns === width) return map;
  const Type = map.constructor as new (length: number) => T;
  const out = new Type(rows * columns * values).fill(fill) as T;
  const from = Math.max(0, -x);
  const to = Math.min(width, columns - x);
  for (let row = Math.max(0, -y); row < Math.min(height, rows - y); row++) {
    const part = map.subarray((row * width + from) * values, (row * width + to) * values);
    out.set(part, ((y + row) * columns + x + from) * values);
  }
  return out;
}
