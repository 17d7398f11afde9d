import { maskProduct } from '@glid/ops';
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';

/**
 * GLID's dense answer: the dot product of every query with every cell of the 1/4 map (as in Mask2Former).
 *
 * @param embeddings `[B, Q, C]`  @param pixels `[B, H, W, C]`  @returns `[B, Q, H, W]`
 */
export function queryPixelProduct(embeddings: Tensor3D, pixels: Tensor4D): Tensor4D {
  return maskProduct(embeddings, pixels);
}
