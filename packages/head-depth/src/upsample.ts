import type { ImageMeta } from '@glid/head-kit';
import { resizeBilinear } from '@glid/ops';
import { reshape, slice, type Tensor2D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';

/**
 * Picture `image` of the 1/4 map `[B, h, w]`, without its padding, at `size`: bilinear with corners aligned, as AdaBins and BinsFormer
 * do. Differentiable.
 */
export function upsamplePicture(
  depth: Tensor3D,
  image: number,
  meta: ImageMeta,
  size: readonly [height: number, width: number],
): Tensor2D {
  const [, rows, columns] = depth.shape;
  const valid = [
    Math.max(1, Math.ceil((rows * meta.resizedSize[0]) / meta.inputSize[0])),
    Math.max(1, Math.ceil((columns * meta.resizedSize[1]) / meta.inputSize[1])),
  ] as const;
  const part = slice(depth, [image, 0, 0], [1, valid[0], valid[1]]);
  const map = reshape(part, [1, valid[0], valid[1], 1]) as Tensor4D;
  return reshape(resizeBilinear(map, [size[0], size[1]], { alignCorners: true }), [size[0], size[1]]) as Tensor2D;
}
