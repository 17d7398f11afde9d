import { boxIou } from '../boxes/iou.ts';
import { GlidError } from '../errors.ts';
import { maskArea, maskBox } from './extent.ts';
import type { MaskLike, RleRuns } from './runs.ts';
import { checkSameSize, parseRle } from './runs.ts';

/**
 * IoU of every first mask (detections) with every second mask (ground truths), on their runs: float64 `[N, M]`.
 * `crowd` `[M]`: where it is truthy, intersection over the area of the first. Pairs whose boxes do not touch cost nothing.
 * The numbers are pycocotools' `mask.iou`. Throws `GLID_DATA` when sizes differ.
 */
export function maskIou(
  first: readonly MaskLike[],
  second: readonly MaskLike[],
  crowd?: ArrayLike<number | boolean>,
): Float64Array {
  if (crowd && crowd.length !== second.length) {
    throw new GlidError('GLID_SHAPE', `There are ${second.length} masks but ${crowd.length} crowd flags.`, {
      fix: 'Pass one crowd flag for each of the second masks.',
    });
  }
  const a = first.map((mask) => parseRle(mask));
  const b = second.map((mask) => parseRle(mask));
  const m = b.length;
  const out = boxIou(a.flatMap(maskBox), b.flatMap(maskBox), { format: 'xywh' });
  const areasA = a.map(maskArea);
  const areasB = b.map(maskArea);
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < m; j++) {
      checkSameSize(b[j]!, a[i]!);
      if (out[i * m + j] === 0) continue;
      const intersection = intersectionArea(a[i]!, b[j]!);
      const divisor = crowd?.[j] ? areasA[i]! : areasA[i]! + areasB[j]! - intersection;
      out[i * m + j] = intersection === 0 ? 0 : intersection / divisor;
    }
  }
  return out;
}

/** Number of pixels set in both masks, which have the same size: a walk along the set runs of both. */
function intersectionArea({ counts: a }: RleRuns, { counts: b }: RleRuns): number {
  let area = 0;
  let i = 1;
  let j = 1;
  let startA = a[0]!;
  let startB = b[0]!;
  while (i < a.length && j < b.length) {
    const endA = startA + a[i]!;
    const endB = startB + b[j]!;
    const overlap = Math.min(endA, endB) - Math.max(startA, startB);
    if (overlap > 0) area += overlap;
    if (endA <= endB) {
      startA = i + 1 < a.length ? endA + a[i + 1]! : endA;
      i += 2;
    }
    if (endB <= endA) {
      startB = j + 1 < b.length ? endB + b[j + 1]! : endB;
      j += 2;
    }
  }
  return area;
}
