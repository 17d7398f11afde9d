import type { ImageMeta } from '@glid/head-kit';
import { clipByValue, pad, reverse, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { DepthConfig } from './config.ts';
import { type DepthRaw, layerCount } from './forward.ts';
import { upsamplePicture } from './upsample.ts';

/** Depth of every pixel of the original picture. */
export interface DepthPrediction {
  /** Metres, row-major `[height, width]`; 0 outside the part of the picture that was fed. */
  readonly depth: Float32Array;
  readonly size: readonly [height: number, width: number];
}

/** The last layer's depth at the original size, between `minDepth` and `maxDepth`. */
export async function depthPostprocess(
  config: DepthConfig,
  raw: DepthRaw,
  metas: readonly ImageMeta[],
): Promise<readonly DepthPrediction[]> {
  const depth = raw[`depth.${layerCount(raw) - 1}`]!;
  return Promise.all(
    metas.map(async (meta, image) => {
      const map = tidy(() => {
        const { x = 0, y = 0, height = meta.originalSize[0], width = meta.originalSize[1] } = meta.crop ?? {};
        const [rows, columns] = [Math.round(height), Math.round(width)];
        const straight = upsamplePicture(depth, image, meta, [rows, columns]);
        const mirrored = meta.flippedHorizontally ? reverse(straight, 1) : straight;
        const clamped = clipByValue(mirrored, config.minDepth, config.maxDepth) as Tensor2D;
        if (!meta.crop) return clamped;
        const [top, left] = [Math.round(y), Math.round(x)];
        const [h, w] = meta.originalSize;
        return pad(clamped, [
          [top, h - top - rows],
          [left, w - left - columns],
        ]);
      });
      const data = (await map.data()) as Float32Array;
      map.dispose();
      return { depth: data, size: meta.originalSize };
    }),
  );
}
