import type { ImageMeta } from '@glid/head-kit';
import { resizeBilinear } from '@glid/ops';
import {
  expandDims,
  pad,
  reshape,
  reverse,
  sigmoid,
  slice,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';

/**
 * Probabilities of picture `b` of `logits [B, h, w]` for every pixel of the original, undoing what `ImageMeta` says was done to it:
 * padding is cut off, the rest is made as large as the part of the picture that was fed, turned back and put in its place.
 */
export async function toOriginal(logits: Tensor3D, b: number, meta: ImageMeta): Promise<Float32Array> {
  const [height, width] = meta.originalSize;
  const part = meta.crop ?? { x: 0, y: 0, width, height };
  const [top, left, rows, columns] = [part.y, part.x, part.height, part.width].map(Math.round) as [
    number,
    number,
    number,
    number,
  ];
  const [h, w] = meta.resizedSize.map((n) => Math.ceil(n / 4)) as [number, number];
  const map = tidy(() => {
    const valid = expandDims(slice(logits, [b, 0, 0], [1, h, w]), 3) as Tensor4D;
    const large = reshape(sigmoid(resizeBilinear(valid, [rows, columns])), [rows, columns]) as Tensor2D;
    const straight = meta.flippedHorizontally ? reverse(large, 1) : large;
    return pad(straight, [
      [top, height - top - rows],
      [left, width - left - columns],
    ]);
  });
  const data = (await map.data()) as Float32Array;
  map.dispose();
  return data;
}
