import { constantTensor } from '@glid/ops';
import { matMul, reshape, type Tensor2D, type Tensor3D, tensor2d, transpose } from '@tensorflow/tfjs-core';
import type { Size } from '../encoder/window-geometry.ts';

/**
 * Bilinear with antialiasing: where it shrinks, each pixel averages over all it covers with a triangle (the method of Pillow's
 * resize, without its rounding). `[H, W, 3]` -> `[h, w, 3]`, as two matrix products on whatever backend is active.
 */
export function resizeImage(image: Tensor3D, [height, width]: Size): Tensor3D {
  const [fromHeight, fromWidth, channels] = image.shape;
  if (fromHeight === height && fromWidth === width) return image;
  const rows = matMul(triangles(fromHeight, height), reshape(image, [fromHeight, fromWidth * channels]));
  const turned = transpose(reshape(rows, [height, fromWidth, channels]), [1, 0, 2]);
  const columns = matMul(triangles(fromWidth, width), reshape(turned, [fromWidth, height * channels]));
  return transpose(reshape(columns, [width, height, channels]), [1, 0, 2]);
}

/** `[to, from]`: the weight of every input position in every output position. */
function triangles(from: number, to: number): Tensor2D {
  return constantTensor(`triangles ${from} ${to}`, () => tensor2d(triangleWeights(from, to), [to, from]));
}

/** Row-major `[to, from]`. */
export function triangleWeights(from: number, to: number): Float32Array {
  const weights = new Float32Array(to * from);
  const scale = from / to;
  const reach = Math.max(1, scale);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    let sum = 0;
    for (let j = first; j < end; j++) sum += Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach);
    for (let j = first; j < end; j++) {
      weights[i * from + j] = Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach) / sum;
    }
  }
  return weights;
}
