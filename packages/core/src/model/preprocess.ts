import type { ImageMeta } from '@glid/head-kit';
import { div, pad, stack, sub, type Tensor3D, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import type { Size } from '../encoder/window-geometry.ts';
import { resizeImage } from './resize-image.ts';
import { type ResizePolicy, resizedSize } from './resize-policy.ts';

/** Mean and deviation of ImageNet's pixels, 0..255: what the network's inputs are normalised by. */
export const pixelMean: readonly [number, number, number] = [123.675, 116.28, 103.53];
export const pixelDeviation: readonly [number, number, number] = [58.395, 57.12, 57.375];

/** Network inputs and how they came about. */
export interface Preprocessed {
  /** `[B, H, W, 3]`, normalised, zero outside pictures. */
  readonly images: Tensor4D;
  readonly metas: readonly ImageMeta[];
}

/**
 * Pictures `[H, W, 3]` in 0..255 -> one batch: resized by the policy, normalised, padded right and bottom to the largest of
 * them, rounded up to a multiple of `multiple` (so that a stream of pictures meets few shapes). Call it inside `tidy`.
 */
export function preprocess(pictures: readonly Tensor3D[], policy: ResizePolicy, multiple: number): Preprocessed {
  const sizes = pictures.map(({ shape }) => resizedSize([shape[0], shape[1]], policy));
  const up = (axis: 0 | 1): number => Math.ceil(Math.max(...sizes.map((size) => size[axis])) / multiple) * multiple;
  const inputSize: Size = [up(0), up(1)];
  const [mean, deviation] = [tensor1d([...pixelMean]), tensor1d([...pixelDeviation])];
  const images = pictures.map((picture, i) => {
    const normal = div(sub(resizeImage(picture, sizes[i]!), mean), deviation) as Tensor3D;
    const [height, width] = sizes[i]!;
    if (height === inputSize[0] && width === inputSize[1]) return normal;
    return pad(normal, [
      [0, inputSize[0] - height],
      [0, inputSize[1] - width],
      [0, 0],
    ]);
  });
  const metas = pictures.map(
    ({ shape }, i): ImageMeta => ({ originalSize: [shape[0], shape[1]], resizedSize: sizes[i]!, inputSize }),
  );
  return { images: stack(images) as Tensor4D, metas };
}
