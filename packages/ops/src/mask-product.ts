import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { matMul, reshape } from '@tensorflow/tfjs-core';
import { requireShape } from './shape.ts';

/**
 * The product of queries and pixels: `embeddings [B, Q, C]`, `pixels [B, H, W, C]` -> `[B, Q, H, W]`, `y = e . p` over C
 * (the mask prediction of MaskFormer, Cheng et al. 2021, section 3.2). One batched matrix product; its gradient is tfjs's own. Throws `GLID_SHAPE`.
 */
export function maskProduct(embeddings: Tensor3D, pixels: Tensor4D): Tensor4D {
  const [batch, queries, channels] = embeddings.shape;
  const [pixelBatch, height, width, pixelChannels] = pixels.shape;
  requireShape(
    embeddings.rank === 3 && pixels.rank === 4 && batch === pixelBatch && channels === pixelChannels,
    'maskProduct',
    'embeddings [B, Q, C], pixels [B, H, W, C]',
    { embeddings, pixels },
  );
  const flat = reshape(pixels, [batch, height * width, channels]);
  return reshape(matMul(embeddings, flat, false, true), [batch, queries, height, width]) as Tensor4D;
}
