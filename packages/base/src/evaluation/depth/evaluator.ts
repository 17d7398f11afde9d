import { GlidError } from '../../errors.ts';
import type { ImageId } from '../image-id.ts';
import { checkNewImages, compareImageIds, imageIdOf, listOf } from '../image-id.ts';
import type { DepthCrop } from './crop.ts';
import type { DepthSample } from './measure.ts';
import { measureDepth, sumCount, sums } from './measure.ts';

export interface DepthEvaluatorOptions {
  /** Metres: ground truth counts strictly between both; predictions are clamped to them. 1e-3 and 10 by default (NYU). */
  readonly minDepth?: number;
  readonly maxDepth?: number;
  /** Evaluate only this part, e.g. `eigenCrop`. */
  readonly crop?: DepthCrop;
}

/** Metres for `rmse`, hundredths for `silog`, otherwise plain ratios; NaN where no pixel was valid. */
export interface DepthMetrics {
  /** Shares of pixels with max(truth / prediction, prediction / truth) below 1.25, 1.25^2, 1.25^3. */
  readonly delta1: number;
  readonly delta2: number;
  readonly delta3: number;
  /** Mean of |truth - prediction| / truth: REL. */
  readonly absRel: number;
  /** Mean of (truth - prediction)^2 / truth. */
  readonly sqRel: number;
  readonly rmse: number;
  /** Root mean square of the difference of natural logarithms. */
  readonly rmseLog: number;
  /** Mean difference of decimal logarithms. */
  readonly log10: number;
  /** 100 times the standard deviation of the difference of natural logarithms: free of scale. */
  readonly silog: number;
}

export interface DepthResult {
  /** The published numbers: metrics of each picture, averaged over pictures that have valid pixels. */
  readonly mean: DepthMetrics;
  /** Metrics over the pixels of all pictures together. */
  readonly pooled: DepthMetrics;
  readonly images: number;
  /** Pictures without a valid pixel; they are not in the mean. */
  readonly imagesWithoutDepth: number;
  readonly pixels: number;
}

/** Everything counted so far, as plain data that can be sent to another thread. */
export interface DepthEvaluatorState {
  readonly options: { readonly minDepth: number; readonly maxDepth: number; readonly crop?: DepthCrop | undefined };
  readonly images: readonly (readonly [id: ImageId, sums: Float64Array])[];
}

export interface DepthEvaluator {
  /** Measures one picture or several. For bad data it throws `GLID_DATA` and counts none of them. */
  update(samples: DepthSample | readonly DepthSample[]): void;
  /** Adds what another evaluator with the same options has counted, on other pictures. */
  merge(state: DepthEvaluatorState): void;
  state(): DepthEvaluatorState;
  /** The numbers so far. They do not depend on the order or the grouping in which pictures came. */
  compute(): DepthResult;
  /** The metrics of each picture, by id. */
  perImage(): readonly (DepthMetrics & { readonly imageId: ImageId; readonly pixels: number })[];
  reset(): void;
}

/** Depth metrics as AdaBins and BTS compute them. A picture costs ten numbers of memory. */
export function createDepthEvaluator(options: DepthEvaluatorOptions = {}): DepthEvaluator {
  const { minDepth = 1e-3, maxDepth = 10, crop } = options;
  if (!(minDepth > 0 && maxDepth > minDepth && Number.isFinite(maxDepth))) {
    throw new GlidError('GLID_USAGE', `Depth cannot be evaluated from ${minDepth} to ${maxDepth} metres.`, {
      fix: 'Choose 0 < minDepth < maxDepth.',
    });
  }
  const range = { minDepth, maxDepth, crop };
  const images = new Map<ImageId, Float64Array>();
  const sorted = (): [ImageId, Float64Array][] => [...images].sort(([a], [b]) => compareImageIds(a, b));
  return {
    update(samples) {
      const batch = listOf(samples);
      checkNewImages(images, batch.map(imageIdOf));
      const rows = batch.map((sample) => measureDepth(sample, range));
      for (const [i, { imageId }] of batch.entries()) images.set(imageId, rows[i]!);
    },
    merge(state) {
      if (JSON.stringify(state.options) !== JSON.stringify(range)) {
        throw new GlidError('GLID_USAGE', 'Evaluators with different options cannot be merged.', {
          fix: 'Create all of them with the same options.',
        });
      }
      checkNewImages(
        images,
        state.images.map(([id]) => id),
      );
      for (const [id, row] of state.images) images.set(id, row.slice());
    },
    state: () => ({ options: range, images: sorted().map(([id, row]) => [id, row.slice()]) }),
    compute() {
      const rows = sorted().map(([, row]) => row);
      const measured = rows.filter((row) => row[sums.pixels]! > 0);
      const pool = new Float64Array(sumCount);
      for (const row of measured) for (let i = 0; i < sumCount; i++) pool[i]! += row[i]!;
      return {
        mean: mean(measured.map(metrics)),
        pooled: metrics(pool),
        images: rows.length,
        imagesWithoutDepth: rows.length - measured.length,
        pixels: pool[sums.pixels]!,
      };
    },
    perImage: () => sorted().map(([imageId, row]) => ({ imageId, pixels: row[sums.pixels]!, ...metrics(row) })),
    reset: () => images.clear(),
  };
}

function metrics(row: Float64Array): DepthMetrics {
  const n = row[sums.pixels]!;
  const average = (sum: number): number => row[sum]! / n;
  const log = average(sums.log);
  return {
    delta1: average(sums.delta1),
    delta2: average(sums.delta2),
    delta3: average(sums.delta3),
    absRel: average(sums.relative),
    sqRel: average(sums.squaredRelative),
    rmse: Math.sqrt(average(sums.squared)),
    rmseLog: Math.sqrt(average(sums.squaredLog)),
    log10: average(sums.absoluteLog10),
    // A constant factor has no deviation; rounding must not make the root of a negative number of it.
    silog: 100 * Math.sqrt(Math.max(0, average(sums.squaredLog) - log * log)),
  };
}

function mean(all: readonly DepthMetrics[]): DepthMetrics {
  const average = (name: keyof DepthMetrics): number => all.reduce((sum, m) => sum + m[name], 0) / all.length;
  return {
    delta1: average('delta1'),
    delta2: average('delta2'),
    delta3: average('delta3'),
    absRel: average('absRel'),
    sqRel: average('sqRel'),
    rmse: average('rmse'),
    rmseLog: average('rmseLog'),
    log10: average('log10'),
    silog: average('silog'),
  };
}
