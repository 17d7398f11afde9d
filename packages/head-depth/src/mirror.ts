import { type ImageMeta, mirrorMaps } from '@glid/head-kit';
import { add, mul, type Tensor } from '@tensorflow/tfjs-core';
import { type DepthRaw, layerCount } from './forward.ts';

/**
 * Test-time flip: the mean of the depth of pictures and of their mirror images, turned back (AdaBins, BinsFormer). Bin centres stay
 * those of the pictures.
 */
export function averageMirrored(raw: DepthRaw, mirrored: DepthRaw, metas: readonly ImageMeta[]): DepthRaw {
  const merged: Record<string, Tensor> = { ...raw };
  for (let layer = 0; layer < layerCount(raw); layer++) {
    const name = `depth.${layer}` as const;
    merged[name] = mul(add(raw[name]!, mirrorMaps(mirrored[name]!, metas)), 0.5);
  }
  return merged as DepthRaw;
}
