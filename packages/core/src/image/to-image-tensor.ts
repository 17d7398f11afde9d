import type { RgbImage } from '@glid/base';
import { cast, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { throwIfAborted } from '../weights/platform/abort.ts';
import { nodeModules } from '../weights/platform/node.ts';
import { checkSize, defaultMaxPixels } from './check-size.ts';
import { decodeInBrowser } from './decode-in-browser.ts';
import { decodeInNode } from './decode-in-node.ts';
import { type Drawable, isDrawable } from './drawable.ts';
import { flattenPixels, type Pixels, type Rgb } from './flatten-pixels.ts';
import { imageError } from './image-error.ts';
import { readDrawable } from './read-drawable.ts';

/** `ImageData`: RGBA, 8 bits, straight alpha. */
export interface ImageDataLike {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly colorSpace?: string;
}

/**
 * A picture in any of its forms: ImageData, an RGB buffer, a tensor `[H, W, 3]` in 0..255, a bitmap, image, canvas, video or video frame,
 * the bytes of a picture file, or in Node its path.
 */
export type ImageInput = ImageDataLike | RgbImage | Tensor3D | Drawable | Blob | Uint8Array | ArrayBuffer | string;

export interface ImageTensorOptions {
  readonly signal?: AbortSignal;
  /** What transparent pixels are laid over; white by default. */
  readonly background?: Rgb;
  /** Larger pictures are refused, before they are decoded where the format allows; 64 Mi by default. */
  readonly maxPixels?: number;
}

/**
 * A picture as float32 `[H, W, 3]`, RGB in 0..255. The caller owns the result; the input is left as it is. Throws `GLID_IMAGE` for
 * pictures that are empty, absurdly large, damaged or not finite, `GLID_IO` for a path that cannot be read, `GLID_ABORTED` when told to stop.
 */
export async function toImageTensor(input: ImageInput, options: ImageTensorOptions = {}): Promise<Tensor3D> {
  const { signal, background = [255, 255, 255], maxPixels = defaultMaxPixels } = options;
  throwIfAborted(signal, 'Reading a picture');
  if (isTensor(input)) {
    const copy = await readTensor(input, maxPixels);
    if (signal?.aborted) copy.dispose();
    throwIfAborted(signal, 'Reading a picture');
    return copy;
  }
  const pixels = await readPixels(input, maxPixels);
  throwIfAborted(signal, 'Reading a picture');
  return tensor3d(flattenPixels(pixels, background), [pixels.height, pixels.width, 3]);
}

async function readPixels(input: Exclude<ImageInput, Tensor3D>, maxPixels: number): Promise<Pixels> {
  if (typeof input === 'string') {
    if (nodeModules()) return decodeInNode(input, maxPixels);
    throw imageError('picture', 'paths and URLs are not read in a browser', 'Fetch it and pass the Blob.');
  }
  if (typeof input === 'object' && input !== null) {
    if (input instanceof Uint8Array || input instanceof ArrayBuffer || input instanceof Blob) {
      return decodeFile(input, maxPixels);
    }
    if (isDrawable(input)) return readDrawable(input, maxPixels);
    if ('data' in input && 'width' in input && 'height' in input) return readBuffer(input, maxPixels);
  }
  throw imageError(
    'picture',
    'it is of no kind that is known here',
    'Pass ImageData, a canvas, a tensor, bytes or a path.',
  );
}

async function decodeFile(file: Uint8Array | ArrayBuffer | Blob, maxPixels: number): Promise<Pixels> {
  if (!nodeModules()) {
    return decodeInBrowser(file instanceof Blob ? file : new Blob([file as Uint8Array<ArrayBuffer>]), maxPixels);
  }
  if (file instanceof Uint8Array) return decodeInNode(file, maxPixels);
  return decodeInNode(new Uint8Array(file instanceof Blob ? await file.arrayBuffer() : file), maxPixels);
}

function readBuffer({ width, height, data, ...more }: ImageDataLike | RgbImage, maxPixels: number): Pixels {
  const image = 'pixel buffer';
  checkSize(width, height, maxPixels, image);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw imageError(image, 'its samples are not 8-bit', 'Pass a Uint8Array or Uint8ClampedArray.');
  }
  if ('colorSpace' in more && more.colorSpace !== undefined && more.colorSpace !== 'srgb') {
    throw imageError(image, `its colour space is ${more.colorSpace}`, "Ask getImageData for colorSpace: 'srgb'.");
  }
  const channels = data.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    const reason = `${data.length} samples are not ${width} x ${height} pixels of RGB or RGBA`;
    throw imageError(image, reason, 'Pass [height, width, 3] or [height, width, 4].');
  }
  return { width, height, channels, data };
}

function isTensor(input: unknown): input is Tensor3D {
  return typeof input === 'object' && input !== null && 'dataId' in input && 'rank' in input;
}

async function readTensor(input: Tensor3D, maxPixels: number): Promise<Tensor3D> {
  const image = 'tensor';
  if (input.isDisposed) throw imageError(image, 'it is disposed', 'Keep it until the prediction is done.');
  if (input.rank !== 3 || input.shape[2] !== 3 || (input.dtype !== 'float32' && input.dtype !== 'int32')) {
    const got = `${input.dtype} [${input.shape.join(', ')}]`;
    throw imageError(image, `it is ${got}`, 'Pass float32 or int32 [height, width, 3] in 0..255.');
  }
  checkSize(input.shape[1], input.shape[0], maxPixels, image);
  // Host values, because min and max of some backends lose a NaN.
  const values = await input.data();
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= 255)) {
      throw imageError(image, `its element ${i} is ${value}`, 'Pass finite values in 0..255.');
    }
  }
  return cast(input, 'float32');
}
