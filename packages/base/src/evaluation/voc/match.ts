import type { Box } from '../../boxes/convert.ts';
import { dataError } from '../../data-error.ts';
import { checkedBox } from '../coco/objects.ts';
import { outcome } from '../detections/outcome.ts';
import type { VocDetection, VocSample, VocTruth } from './sample.ts';

/** One picture and class, matched; scores and outcomes belong to its detections, best first. */
export interface VocMatches {
  readonly row: number;
  /** Ground truths that are not difficult. */
  readonly toFind: number;
  readonly scores: Float64Array;
  readonly outcomes: Uint8Array;
}

/** Checks a picture and matches it class by class; `rowOf` knows the labels. */
export function matchVoc(
  { imageId, truths, detections }: VocSample,
  rowOf: ReadonlyMap<string, number>,
  threshold: number,
  inclusivePixels: boolean,
): VocMatches[] {
  const rowAt = ({ label, bbox }: VocTruth | VocDetection, object: string): number => {
    checkedBox(bbox, { id: imageId, field: `${object}.bbox` });
    const row = rowOf.get(label);
    if (row !== undefined) return row;
    const fix = 'Use the labels that the evaluator was created with.';
    throw dataError({ id: imageId, field: `${object}.label`, got: label }, `There is no class '${label}'.`, fix);
  };
  const truthRows = truths.map((truth, i) => rowAt(truth, `truths[${i}]`));
  const detectionRows = detections.map((detection, i) => {
    const { score } = detection;
    if (Number.isFinite(score)) return rowAt(detection, `detections[${i}]`);
    const place = { id: imageId, field: `detections[${i}].score`, got: score };
    throw dataError(place, `The score is ${score}.`, 'Give a finite number.');
  });
  return [...new Set([...truthRows, ...detectionRows])].map((row) => {
    const ofClass = truths.filter((_, i) => truthRows[i] === row);
    const ranked = detections.filter((_, i) => detectionRows[i] === row).sort((a, b) => b.score - a.score);
    return {
      row,
      toFind: ofClass.filter(({ difficult }) => !difficult).length,
      scores: Float64Array.from(ranked, ({ score }) => score),
      outcomes: matchClass(ranked, ofClass, threshold, inclusivePixels ? 1 : 0),
    };
  });
}

/** Outcomes of detections, best first. `extra` is added to every extent. */
function matchClass(
  detections: readonly VocDetection[],
  truths: readonly VocTruth[],
  threshold: number,
  extra: number,
): Uint8Array {
  const taken = new Set<number>();
  return Uint8Array.from(detections, ({ bbox }) => {
    let best = -1;
    let most = 0;
    truths.forEach((truth, i) => {
      const iou = extendedIou(bbox, truth.bbox, extra);
      if (iou > most) {
        most = iou;
        best = i;
      }
    });
    if (best < 0 || most < threshold) return outcome.falsePositive;
    if (truths[best]!.difficult) return outcome.ignored;
    if (taken.has(best)) return outcome.falsePositive;
    taken.add(best);
    return outcome.truePositive;
  });
}

function extendedIou(a: Box, b: Box, extra: number): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]) + extra;
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]) + extra;
  if (!(width > 0 && height > 0)) return 0;
  const intersection = width * height;
  return intersection / ((a[2] + extra) * (a[3] + extra) + (b[2] + extra) * (b[3] + extra) - intersection);
}
