import { evenly } from '../coco/settings.ts';
import { outcome } from '../detections/outcome.ts';

/** How precision over recall becomes one number: read at recall 0, .1, … 1, or the area under the monotone curve. */
export type VocInterpolation = '11-point' | 'area';

/** Average precision of one class; `outcomes` are those of its detections by falling score, `truths` > 0. */
export function vocAveragePrecision(outcomes: Uint8Array, truths: number, interpolation: VocInterpolation): number {
  const recall: number[] = [];
  const precision: number[] = [];
  let tp = 0;
  let fp = 0;
  for (const value of outcomes) {
    if (value === outcome.falsePositive) fp++;
    else if (value === outcome.truePositive) {
      tp++;
      recall.push(tp / truths);
      precision.push(tp / (tp + fp));
    }
  }
  for (let i = precision.length - 2; i >= 0; i--) precision[i] = Math.max(precision[i]!, precision[i + 1]!);
  if (interpolation === 'area') {
    return precision.reduce((area, p, i) => area + p * (recall[i]! - (recall[i - 1] ?? 0)), 0);
  }
  const points = evenly(0, 1, 11);
  return points.reduce((sum, least) => sum + (precision[recall.findIndex((r) => r >= least)] ?? 0), 0) / points.length;
}
