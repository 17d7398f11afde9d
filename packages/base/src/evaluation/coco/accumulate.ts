import type { DetectionLedger } from '../detections/ledger.ts';
import { rankRows } from '../detections/ledger.ts';
import type { PrecisionRecall } from './precision.ts';
import { precisionOverRecall } from './precision.ts';
import type { CocoSettings } from './settings.ts';
import type { CocoTables } from './summary.ts';

/** What was counted: a ledger for each category, and the truths to be found `[K, A]`. */
export interface CocoCounts {
  readonly ledgers: readonly DetectionLedger[];
  readonly truths: Float64Array;
  /** `[images]`: the place of each picture in the order of their ids. */
  readonly imageOrder: Uint32Array;
}

/** Average precision and recall for every threshold, category, area range and number of detections. */
export function accumulate(counts: CocoCounts, settings: CocoSettings): CocoTables {
  const { iouThresholds, areaRanges, maxDetections } = settings;
  const categories = counts.ledgers.length;
  const size = iouThresholds.length * categories * areaRanges.length * maxDetections.length;
  const averagePrecision = new Float64Array(size).fill(-1);
  const recall = new Float64Array(size).fill(-1);
  for (let k = 0; k < categories; k++) {
    const curve = categoryCurves(counts, settings, k);
    for (let m = 0; m < maxDetections.length; m++) {
      for (let a = 0; a < areaRanges.length; a++) {
        for (let t = 0; t < iouThresholds.length; t++) {
          const found = curve(t, a, m);
          if (!found) continue;
          const at = ((t * categories + k) * areaRanges.length + a) * maxDetections.length + m;
          averagePrecision[at] = found.precision.reduce((sum, p) => sum + p, 0) / found.precision.length;
          recall[at] = found.recall;
        }
      }
    }
  }
  return { averagePrecision, recall };
}

/** The curves of one category by indices of threshold, area range and number of detections; undefined without ground truth. */
export function categoryCurves(
  { ledgers, truths, imageOrder }: CocoCounts,
  { iouThresholds, areaRanges, maxDetections }: CocoSettings,
  k: number,
): (t: number, a: number, m: number) => PrecisionRecall | undefined {
  const rows = ledgers[k]!.rows();
  const ranked = rankRows(rows, imageOrder);
  const kept = maxDetections.map((most) => ranked.filter((row) => rows.ranks[row]! < most));
  const stride = areaRanges.length * iouThresholds.length;
  return (t, a, m) => {
    const toFind = truths[k * areaRanges.length + a]!;
    if (toFind === 0) return undefined;
    const order = kept[m]!;
    const outcomes = new Uint8Array(order.length);
    const column = a * iouThresholds.length + t;
    for (let i = 0; i < order.length; i++) outcomes[i] = rows.outcomes[order[i]! * stride + column]!;
    return precisionOverRecall(outcomes, toFind);
  };
}
