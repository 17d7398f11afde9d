import { type ImageMeta, pointCounts, type Random, uniformPoints } from '@glid/head-kit';
import type { SegmentationConfig } from './config.ts';

/** Where points come from: the run's generator, or given ones in a test. Points are x, y in 0..1 of the padded input. */
export interface PointDraws {
  /** Points shared by all masks of a picture, `[P * 2]`, for matching. */
  forMatching(image: number): Float32Array;
  /** Candidates `[C * 2]` and extra points `[E * 2]` of one matched mask. */
  forLoss(image: number): { readonly candidates: Float32Array; readonly extra: Float32Array };
}

/** Uniform over the unpadded picture, so that padding changes nothing but the numbers drawn. */
export function randomDraws(config: SegmentationConfig, metas: readonly ImageMeta[], random: Random): PointDraws {
  const counts = pointCounts(config);
  const draw = (image: number, count: number): Float32Array => {
    const { resizedSize, inputSize } = metas[image]!;
    const points = uniformPoints(count, random);
    const [fy, fx] = [resizedSize[0] / inputSize[0], resizedSize[1] / inputSize[1]];
    if (fx < 1 || fy < 1) for (let i = 0; i < points.length; i++) points[i]! *= i % 2 === 0 ? fx : fy;
    return points;
  };
  return {
    forMatching: (image) => draw(image, config.points),
    forLoss: (image) => ({ candidates: draw(image, counts.candidates), extra: draw(image, counts.uniform) }),
  };
}
