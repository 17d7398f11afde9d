import type { CocoSettings } from './settings.ts';

/** Tables `[T, K, A, M]`: IoU thresholds, categories, area ranges, most detections; -1 where there is no ground truth. */
export interface CocoTables {
  readonly averagePrecision: Float64Array;
  readonly recall: Float64Array;
}

export interface CocoCategoryResult {
  readonly id: number;
  readonly name: string;
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
  readonly AR: number;
}

/** Which entries of a table to average; what is left out means all of them (for `area`: the first, for `max`: the last). */
interface Selection {
  readonly iou?: number;
  readonly category?: number;
  readonly area?: number;
  readonly max?: number;
}

/** Mean of the entries that are not -1; -1 when there are none, or when the threshold is not among those evaluated. */
function mean(table: Float64Array, settings: CocoSettings, selection: Selection): number {
  const { iouThresholds, areaRanges, maxDetections } = settings;
  const categories = categoryCount(settings);
  const { area = 0, max = maxDetections.length - 1 } = selection;
  let sum = 0;
  let count = 0;
  for (let t = 0; t < iouThresholds.length; t++) {
    if (selection.iou !== undefined && Math.abs(iouThresholds[t]! - selection.iou) > 1e-9) continue;
    for (let k = 0; k < categories; k++) {
      if (selection.category !== undefined && selection.category !== k) continue;
      const value = table[((t * categories + k) * areaRanges.length + area) * maxDetections.length + max]!;
      if (value === -1) continue;
      sum += value;
      count++;
    }
  }
  return count === 0 ? -1 : sum / count;
}

export function categoryCount({ classAgnostic, categories }: CocoSettings): number {
  return classAgnostic ? 1 : categories.length;
}

/**
 * The numbers that pycocotools prints, in its order. Boxes and masks: AP, AP50, AP75, AP of each further area range, AR at each
 * number of detections, AR of each further area range. Keypoints: AP…, then AR, AR50, AR75, AR of each further area range.
 */
export function summarise({ averagePrecision, recall }: CocoTables, settings: CocoSettings): Record<string, number> {
  const stats: Record<string, number> = {};
  const areas = settings.areaRanges.slice(1);
  const put = (kind: 'AP' | 'AR', name: string, selection: Selection = {}): void => {
    stats[`${kind}${name}`] = mean(kind === 'AP' ? averagePrecision : recall, settings, selection);
  };
  put('AP', '');
  put('AP', '50', { iou: 0.5 });
  put('AP', '75', { iou: 0.75 });
  for (const [i, { name }] of areas.entries()) put('AP', name, { area: i + 1 });
  if (settings.task === 'keypoints') {
    put('AR', '');
    put('AR', '50', { iou: 0.5 });
    put('AR', '75', { iou: 0.75 });
  } else {
    for (const [max, most] of settings.maxDetections.entries()) put('AR', `@${most}`, { max });
  }
  for (const [i, { name }] of areas.entries()) put('AR', name, { area: i + 1 });
  return stats;
}

export function summariseCategories(tables: CocoTables, settings: CocoSettings): CocoCategoryResult[] {
  if (settings.classAgnostic) return [];
  return settings.categories.map(({ id, name }, category) => ({
    id,
    name: name ?? String(id),
    AP: mean(tables.averagePrecision, settings, { category }),
    AP50: mean(tables.averagePrecision, settings, { category, iou: 0.5 }),
    AP75: mean(tables.averagePrecision, settings, { category, iou: 0.75 }),
    AR: mean(tables.recall, settings, { category }),
  }));
}
