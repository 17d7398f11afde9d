import type { ImageMeta } from '@glid/head-kit';
import { div, pad, reverse, stack, sub, type Tensor3D, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import type { Size } from '../encoder/window-geometry.ts';
import { resizeImage } from './resize-image.ts';
import { type ResizePolicy, resizedSize } from './resize-policy.ts';
import { checkRegion, fedRegion, type ImageRegion, type RegionSampling, sampleRegion } from './sample-region.ts';

/** Mean and deviation of ImageNet's pixels, 0..255: what the network's inputs are normalised by. */
export const pixelMean: readonly [number, number, number] = [123.675, 116.28, 103.53];
export const pixelDeviation: readonly [number, number, number] = [58.395, 57.12, 57.375];

/** Network inputs and how they came about. */
export interface Preprocessed {
  /** `[B, H, W, 3]`, normalised, zero outside pictures. */
  readonly images: Tensor4D;
  readonly metas: readonly ImageMeta[];
}

/** What the network is to see of a picture, at its final size and 0..255. */
export interface View {
  /** `[h, w, 3]` */
  readonly pixels: Tensor3D;
  readonly meta: Omit<ImageMeta, 'inputSize'>;
}

/**
 * Pictures `[H, W, 3]` in 0..255 -> one batch: resized by the policy, normalised, padded right and bottom to the largest of
 * them, rounded up to a multiple of `multiple` (so that a stream of pictures meets few shapes). Call it inside `tidy`.
 */
export function preprocess(pictures: readonly Tensor3D[], policy: ResizePolicy, multiple: number): Preprocessed {
  const views = viewPictures(pictures, (size) => resizedSize(size, policy));
  return batchViews(views, enclosingSize(views, multiple));
}

/** Whole pictures, resized. */
export function viewPictures(pictures: readonly Tensor3D[], resized: (size: Size) => Size): View[] {
  return pictures.map((picture) => {
    const originalSize: Size = [picture.shape[0], picture.shape[1]];
    const size = resized(originalSize);
    return { pixels: resizeImage(picture, size), meta: { originalSize, resizedSize: size } };
  });
}

/** Parts of one picture, resized. @throws GLID_USAGE */
export function viewRegions(
  picture: Tensor3D,
  regions: readonly ImageRegion[],
  sampling: RegionSampling,
  policy: ResizePolicy,
): View[] {
  const originalSize: Size = [picture.shape[0], picture.shape[1]];
  return regions.map((region) => {
    checkRegion(region, originalSize);
    const size = resizedSize([region.height, region.width], policy).map((n) => Math.max(1, Math.round(n)));
    const own: Size = [size[0]!, size[1]!];
    return {
      pixels: sampleRegion(picture, region, own, sampling),
      meta: { originalSize, resizedSize: own, crop: fedRegion(region, own, sampling) },
    };
  });
}

/** The mirror images of views. */
export function mirrorViews(views: readonly View[]): View[] {
  return views.map(({ pixels, meta }) => ({
    pixels: reverse(pixels, 1),
    meta: { ...meta, flippedHorizontally: true },
  }));
}

/** The largest sides of views, rounded up to a multiple. */
export function enclosingSize(views: readonly View[], multiple: number): Size {
  const up = (axis: 0 | 1): number =>
    Math.ceil(Math.max(...views.map(({ meta }) => meta.resizedSize[axis])) / multiple) * multiple;
  return [up(0), up(1)];
}

/** Normalises views and pads them right and bottom to one size. */
export function batchViews(views: readonly View[], inputSize: Size): Preprocessed {
  const [mean, deviation] = [tensor1d([...pixelMean]), tensor1d([...pixelDeviation])];
  const images = views.map(({ pixels }) => {
    const normal = div(sub(pixels, mean), deviation) as Tensor3D;
    const [height, width] = pixels.shape;
    if (height === inputSize[0] && width === inputSize[1]) return normal;
    return pad(normal, [
      [0, inputSize[0] - height],
      [0, inputSize[1] - width],
      [0, 0],
    ]);
  });
  const metas = views.map(({ meta }): ImageMeta => ({ ...meta, inputSize }));
  return { images: stack(images) as Tensor4D, metas };
}
