import type { DataPlace } from '../../data-error.ts';
import { dataError } from '../../data-error.ts';
import type { PanopticMap, PanopticSample, PanopticSegmentInfo } from './sample.ts';

/** Value of pixels that belong to no segment. */
export const voidId = 0;

/** What one picture adds to one category. */
export interface PanopticCounts {
  readonly categoryId: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  /** IoU of each true positive. */
  readonly ious: readonly number[];
}

/**
 * Matches the segments of one picture as panopticapi `pq_compute_single_core`: same category, not a crowd, IoU above a half, where
 * predicted pixels on void do not count. An unmatched prediction that lies mostly on void or on a crowd of its category is dropped.
 */
export function matchSegments(sample: PanopticSample, categories: ReadonlySet<number>): PanopticCounts[] {
  const { imageId } = sample;
  const truths = segmentsById(sample.truth, categories, { id: imageId, field: 'truth' });
  const predictions = segmentsById(sample.prediction, categories, { id: imageId, field: 'prediction' });
  const overlaps = overlapTable(sample, [...truths.keys()], [...predictions.keys()]);
  const { truthIds, predictionIds, table, truthAreas, predictionAreas } = overlaps;
  const columns = predictionIds.length;

  const tally = new Map<number, { tp: number; fp: number; fn: number; ious: number[] }>();
  const of = (category: number): { tp: number; fp: number; fn: number; ious: number[] } => {
    const known = tally.get(category);
    if (known) return known;
    const fresh = { tp: 0, fp: 0, fn: 0, ious: [] };
    tally.set(category, fresh);
    return fresh;
  };

  const matched = new Uint8Array(columns);
  const crowdRow = new Map<number, number>();
  for (let row = 1; row < truthIds.length; row++) {
    const truth = truths.get(truthIds[row]!)!;
    if (truth.crowd) {
      crowdRow.set(truth.categoryId, row);
      continue;
    }
    let found = false;
    for (let column = 1; column < columns; column++) {
      const intersection = table[row * columns + column]!;
      if (intersection === 0 || predictions.get(predictionIds[column]!)!.categoryId !== truth.categoryId) continue;
      const union = predictionAreas[column]! + truthAreas[row]! - intersection - table[column]!;
      const iou = intersection / union;
      if (!(iou > 0.5)) continue;
      found = true;
      matched[column] = 1;
      const counts = of(truth.categoryId);
      counts.tp++;
      counts.ious.push(iou);
    }
    if (!found) of(truth.categoryId).fn++;
  }
  for (let column = 1; column < columns; column++) {
    if (matched[column]) continue;
    const { categoryId } = predictions.get(predictionIds[column]!)!;
    const crowd = crowdRow.get(categoryId);
    const excused = table[column]! + (crowd === undefined ? 0 : table[crowd * columns + column]!);
    if (!(excused / predictionAreas[column]! > 0.5)) of(categoryId).fp++;
  }
  return [...tally].map(([categoryId, { tp, fp, fn, ious }]) => ({
    categoryId,
    truePositives: tp,
    falsePositives: fp,
    falseNegatives: fn,
    ious,
  }));
}

function segmentsById(
  { segments }: PanopticMap,
  categories: ReadonlySet<number>,
  place: DataPlace,
): Map<number, PanopticSegmentInfo> {
  const byId = new Map<number, PanopticSegmentInfo>();
  segments.forEach((segment, i) => {
    const at = { ...place, field: `${place.field}.segments[${i}]`, got: segment };
    if (!Number.isInteger(segment.id) || segment.id <= voidId) {
      throw dataError(at, `A segment has the id ${segment.id}.`, 'Number segments from 1; 0 is void.');
    }
    if (byId.has(segment.id)) throw dataError(at, `Segment ${segment.id} is listed twice.`, 'Make ids unique.');
    if (!categories.has(segment.categoryId)) {
      const fix = 'Use the category ids that the evaluator was created with.';
      throw dataError(at, `There is no category ${segment.categoryId}.`, fix);
    }
    byId.set(segment.id, segment);
  });
  return byId;
}

interface Overlaps {
  /** Ids by row and by column; the first is void. */
  readonly truthIds: readonly number[];
  readonly predictionIds: readonly number[];
  /** `[truths + 1, predictions + 1]`: pixels in common. */
  readonly table: Float64Array;
  readonly truthAreas: Float64Array;
  readonly predictionAreas: Float64Array;
}

/** Counts pixels by (truth, prediction), and checks that both maps fit their lists of segments. */
function overlapTable(
  { imageId, truth, prediction }: PanopticSample,
  truthList: number[],
  predictionList: number[],
): Overlaps {
  const [rows, columns] = [truthList.length + 1, predictionList.length + 1];
  const [height, width] = truth.size;
  if (prediction.size[0] !== height || prediction.size[1] !== width) {
    throw dataError(
      { id: imageId, field: 'prediction.size', expected: truth.size, got: prediction.size },
      `The prediction has ${prediction.size.join(' x ')} pixels (height x width), the ground truth ${truth.size.join(' x ')}.`,
      'Bring predictions to the size of their picture first.',
    );
  }
  for (const [name, map] of [['truth', truth] as const, ['prediction', prediction] as const]) {
    if (map.ids.length === height * width) continue;
    throw dataError(
      { id: imageId, field: `${name}.ids`, expected: height * width, got: map.ids.length },
      `The map has ${map.ids.length} values for ${height} x ${width} pixels.`,
      'Give one id a pixel.',
    );
  }
  const rowOf = new Map([voidId, ...truthList].map((id, i) => [id, i]));
  const columnOf = new Map([voidId, ...predictionList].map((id, i) => [id, i]));
  const table = new Float64Array(rows * columns);
  // Neighbouring pixels mostly agree: look an id up only where it changes.
  let [truthId, predictionId, row, column] = [voidId, voidId, 0, 0];
  for (let i = 0; i < truth.ids.length; i++) {
    if (truth.ids[i] !== truthId) {
      truthId = truth.ids[i]!;
      row = lookUp(rowOf, truthId, imageId, 'truth');
    }
    if (prediction.ids[i] !== predictionId) {
      predictionId = prediction.ids[i]!;
      column = lookUp(columnOf, predictionId, imageId, 'prediction');
    }
    table[row * columns + column]!++;
  }
  const truthAreas = new Float64Array(rows);
  const predictionAreas = new Float64Array(columns);
  for (let i = 0; i < table.length; i++) {
    truthAreas[Math.floor(i / columns)]! += table[i]!;
    predictionAreas[i % columns]! += table[i]!;
  }
  for (const [name, map, areas] of [
    ['truth', truth, truthAreas] as const,
    ['prediction', prediction, predictionAreas] as const,
  ]) {
    const wrong = map.segments.findIndex(({ area }, i) => area !== undefined && area !== areas[i + 1]);
    if (wrong < 0) continue;
    const { id, area } = map.segments[wrong]!;
    throw dataError(
      { id: imageId, field: `${name}.segments[${wrong}].area`, expected: areas[wrong + 1], got: area },
      `Segment ${id} is said to have ${area} pixels, but the map has ${areas[wrong + 1]}.`,
      'Check that map and segments belong together; after a change of size, count areas anew or leave them out.',
    );
  }
  const missing = predictionList.find((_, i) => predictionAreas[i + 1] === 0);
  if (missing !== undefined) {
    throw dataError(
      { id: imageId, field: 'prediction.segments', got: missing },
      `Predicted segment ${missing} has no pixel.`,
      'List only segments that are in the map.',
    );
  }
  return {
    truthIds: [voidId, ...truthList],
    predictionIds: [voidId, ...predictionList],
    table,
    truthAreas,
    predictionAreas,
  };
}

function lookUp(places: ReadonlyMap<number, number>, id: number, imageId: number | string, field: string): number {
  const place = places.get(id);
  if (place !== undefined) return place;
  throw dataError(
    { id: imageId, field: `${field}.ids`, got: id },
    `The map holds the id ${id}, but no such segment is listed.`,
    'List every segment of the map; pixels without one are 0.',
  );
}
