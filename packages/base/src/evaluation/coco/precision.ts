import { outcome } from '../detections/outcome.ts';
import { recallThresholds } from './settings.ts';

export interface PrecisionRecall {
  /** `[101]`: precision at recall 0, .01, … 1, made monotone; 0 beyond the recall that was reached. */
  readonly precision: Float64Array;
  /** The recall that was reached. */
  readonly recall: number;
}

/**
 * Precision over recall as pycocotools' `accumulate`. `outcomes` are those of the detections by falling score; `truths` > 0.
 * Only true positives need to be looked at: precision falls between them, and the largest to the right is what counts.
 */
export function precisionOverRecall(outcomes: Uint8Array, truths: number): PrecisionRecall {
  const atTruePositive = new Float64Array(outcomes.length);
  let tp = 0;
  let fp = 0;
  for (let i = 0; i < outcomes.length; i++) {
    if (outcomes[i] === outcome.falsePositive) fp++;
    else if (outcomes[i] === outcome.truePositive) {
      tp++;
      atTruePositive[tp - 1] = tp / (fp + tp + Number.EPSILON);
    }
  }
  for (let i = tp - 2; i >= 0; i--) {
    if (atTruePositive[i + 1]! > atTruePositive[i]!) atTruePositive[i] = atTruePositive[i + 1]!;
  }
  const precision = new Float64Array(recallThresholds.length);
  for (let r = 0, found = 1; r < precision.length; r++) {
    while (found <= tp && found / truths < recallThresholds[r]!) found++;
    if (found > tp) break;
    precision[r] = atTruePositive[found - 1]!;
  }
  return { precision, recall: tp / truths };
}
