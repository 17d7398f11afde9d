import { createDepthEvaluator, dataError, eigenCrop } from '@glid/base';
import { decodeDepthPng } from '@glid/data';
import { readBytes } from '../files/read.ts';
import { mapPairs } from './map-pairs.ts';

export interface DepthScoreOptions {
  readonly truth: string;
  readonly results: string;
  /** Metres a grey level. */
  readonly unit: number;
  /** Metres: ground truth counts strictly between both, predictions are clamped to them. */
  readonly minDepth: number;
  readonly maxDepth: number;
  /** Only NYU's Eigen crop. */
  readonly eigenCrop: boolean;
  readonly warn: (text: string) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The published depth metrics, each the mean over pictures, of folders of 16-bit depth maps. */
export async function scoreDepth(options: DepthScoreOptions): Promise<Record<string, number>> {
  const { minDepth, maxDepth, unit } = options;
  const pairs = await mapPairs(options.truth, options.results, options.warn);
  const evaluator = createDepthEvaluator({ minDepth, maxDepth, ...(options.eigenCrop ? { crop: eigenCrop } : {}) });
  for (const [i, pair] of pairs.entries()) {
    options.signal?.throwIfAborted();
    const truth = await decodeDepthPng(await readBytes(pair.truth), pair.truth, 1);
    const prediction = await decodeDepthPng(await readBytes(pair.result), pair.result, 1);
    const size = [truth.height, truth.width] as const;
    if (prediction.height !== size[0] || prediction.width !== size[1]) {
      throw dataError(
        { source: pair.result, expected: size, got: [prediction.height, prediction.width] },
        `The map is ${prediction.width} x ${prediction.height}, its ground truth ${truth.width} x ${truth.height}.`,
        'Bring predictions to the size of their picture first.',
      );
    }
    evaluator.update({
      imageId: pair.name,
      size,
      truth: inMetres(truth.data, unit),
      prediction: inMetres(prediction.data, unit),
    });
    options.onProgress?.(i + 1, pairs.length);
  }
  const { mean, imagesWithoutDepth } = evaluator.compute();
  if (imagesWithoutDepth > 0) options.warn(`${imagesWithoutDepth} maps have no valid depth and are not in the mean.`);
  const { rmse, absRel, log10, rmseLog, silog, sqRel, delta1: d1, delta2: d2, delta3: d3 } = mean;
  return { rmse, absRel, log10, rmseLog, silog, sqRel, d1, d2, d3 };
}

/** In double precision: ratios that lie exactly on a threshold, 1.25 say, must not be rounded across it. */
function inMetres(levels: Float32Array, unit: number): Float64Array {
  const perMetre = Math.round(1 / unit);
  const exact = Math.abs(perMetre * unit - 1) < 1e-12;
  return new Float64Array(levels).map((level) => (exact ? level / perMetre : level * unit));
}
