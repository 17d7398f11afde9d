import { outcome } from '../detections/outcome.ts';
import type { CocoDetectionObject, CocoTruthObject } from './objects.ts';
import type { CocoSettings } from './settings.ts';

/** One picture and category, matched. */
export interface CocoMatches {
  /** `[A]`: ground truths to be found in each area range. */
  readonly truths: Uint32Array;
  /** `[D, A, T]` of `outcome`. */
  readonly outcomes: Uint8Array;
}

/**
 * Matches detections, best first, to ground truths as pycocotools' `evaluateImg`: each takes the most similar truth that is still
 * free and similar enough; crowds stay free; an ignored truth is taken only where no other one fits. `similarity` is `[D, G]`.
 */
export function matchDetections(
  detections: readonly CocoDetectionObject[],
  truths: readonly CocoTruthObject[],
  similarity: Float64Array,
  { areaRanges, iouThresholds }: CocoSettings,
): CocoMatches {
  const counts = new Uint32Array(areaRanges.length);
  const thresholds = iouThresholds.length;
  const stride = areaRanges.length * thresholds;
  const outcomes = new Uint8Array(detections.length * stride);
  const taken = new Uint8Array(truths.length);
  areaRanges.forEach(({ min, max }, a) => {
    const ignored = truths.map((truth) => truth.ignored || truth.area < min || truth.area > max);
    const indices = truths.map((_, g) => g);
    const order = [...indices.filter((g) => !ignored[g]), ...indices.filter((g) => ignored[g])];
    const real = ignored.filter((flag) => !flag).length;
    counts[a] = real;
    for (let t = 0; t < thresholds; t++) {
      taken.fill(0);
      for (let d = 0; d < detections.length; d++) {
        const best = bestTruth(similarity, d * truths.length, order, real, taken, truths, iouThresholds[t]!);
        const at = d * stride + a * thresholds + t;
        if (best >= 0) {
          taken[best] = 1;
          outcomes[at] = ignored[best] ? outcome.ignored : outcome.truePositive;
        } else {
          const { area } = detections[d]!;
          outcomes[at] = area < min || area > max ? outcome.ignored : outcome.falsePositive;
        }
      }
    }
  });
  return { truths: counts, outcomes };
}

/** Index of the truth that a detection takes, or -1. The first `real` of `order` are not ignored. */
function bestTruth(
  similarity: Float64Array,
  row: number,
  order: readonly number[],
  real: number,
  taken: Uint8Array,
  truths: readonly CocoTruthObject[],
  threshold: number,
): number {
  let best = -1;
  let least = Math.min(threshold, 1 - 1e-10);
  for (let i = 0; i < order.length; i++) {
    if (i === real && best >= 0) break;
    const g = order[i]!;
    if (taken[g] && !truths[g]!.crowd) continue;
    const value = similarity[row + g]!;
    if (value < least) continue;
    least = value;
    best = g;
  }
  return best;
}
