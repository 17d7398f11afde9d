import type { Box } from '../../boxes/convert.ts';
import { dataError } from '../../data-error.ts';
import { GlidError } from '../../errors.ts';
import { checkedBox } from '../coco/objects.ts';
import type { LedgerRows } from '../detections/ledger.ts';
import { DetectionLedger, rankRows } from '../detections/ledger.ts';
import { outcome } from '../detections/outcome.ts';
import type { ImageId } from '../image-id.ts';
import { checkNewImage, compareImageIds } from '../image-id.ts';
import type { VocInterpolation } from './average-precision.ts';
import { vocAveragePrecision } from './average-precision.ts';

export interface VocEvaluatorOptions {
  readonly labels: readonly string[];
  /** A detection is right from this IoU on; 0.5 by default. */
  readonly iouThreshold?: number;
  /** `11-point` until VOC 2009, `area` (every point) since 2010, which is the default. */
  readonly interpolation?: VocInterpolation;
  /** Count a box from pixel 3 to pixel 5 as 3 pixels wide, as the devkit does; true by default. */
  readonly inclusivePixels?: boolean;
}

export interface VocTruth {
  readonly label: string;
  /** `[x, y, width, height]`, where x + width is the last pixel if pixels are inclusive. */
  readonly bbox: Box;
  /** Neither to be found nor an error to detect. */
  readonly difficult?: boolean;
}

export interface VocDetection {
  readonly label: string;
  readonly score: number;
  readonly bbox: Box;
}

export interface VocSample {
  readonly imageId: ImageId;
  readonly truths: readonly VocTruth[];
  readonly detections: readonly VocDetection[];
}

export interface VocClassResult {
  readonly label: string;
  /** In [0, 1]; NaN for a class without ground truth. */
  readonly AP: number;
  readonly truths: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

export interface VocResult {
  /** Mean over classes with ground truth. */
  readonly mAP: number;
  readonly perClass: readonly VocClassResult[];
  readonly images: number;
}

/** Everything counted so far, as plain data that can be sent to another thread. */
export interface VocEvaluatorState {
  readonly options: Readonly<Record<string, unknown>>;
  readonly imageIds: readonly ImageId[];
  readonly truths: Float64Array;
  readonly ledgers: readonly LedgerRows[];
}

export interface VocEvaluator {
  /** Matches one picture. Throws `GLID_DATA` for bad data and then has counted nothing of it. */
  update(sample: VocSample): void;
  /** Adds what another evaluator with the same options has counted, on other pictures. */
  merge(state: VocEvaluatorState): void;
  state(): VocEvaluatorState;
  /** The numbers so far. They do not depend on the order or the grouping in which pictures came. */
  compute(): VocResult;
  reset(): void;
}

/**
 * Pascal VOC average precision. Detections by falling score (equal scores: by picture id, then in the order given) go to the ground
 * truth of highest IoU; a second one on the same truth is a false positive.
 */
export function createVocEvaluator(options: VocEvaluatorOptions): VocEvaluator {
  const { labels, iouThreshold = 0.5, interpolation = 'area', inclusivePixels = true } = options;
  const rowOf = new Map(labels.map((label, row) => [label, row]));
  if (labels.length === 0 || rowOf.size !== labels.length || !(iouThreshold > 0 && iouThreshold <= 1)) {
    throw new GlidError('GLID_USAGE', 'The VOC evaluator needs labels, each once, and an IoU threshold in (0, 1].', {
      fix: 'Correct its options.',
    });
  }
  const settings = { labels, iouThreshold, interpolation, inclusivePixels };
  const images = new Map<ImageId, number>();
  const truths = new Float64Array(labels.length);
  const newLedgers = (): DetectionLedger[] => labels.map(() => new DetectionLedger(1));
  let ledgers = newLedgers();

  const rowAt = (label: string, imageId: ImageId, field: string): number => {
    const row = rowOf.get(label);
    if (row !== undefined) return row;
    const fix = 'Use the labels that the evaluator was created with.';
    throw dataError({ id: imageId, field, got: label }, `There is no class '${label}'.`, fix);
  };

  return {
    update(sample) {
      const { imageId } = sample;
      checkNewImage(images, imageId);
      const truthRows = sample.truths.map(({ label, bbox }, i) => {
        checkedBox(bbox, { id: imageId, field: `truths[${i}].bbox` });
        return rowAt(label, imageId, `truths[${i}].label`);
      });
      const detectionRows = sample.detections.map(({ label, bbox, score }, i) => {
        checkedBox(bbox, { id: imageId, field: `detections[${i}].bbox` });
        if (!Number.isFinite(score)) {
          const place = { id: imageId, field: `detections[${i}].score`, got: score };
          throw dataError(place, `The score is ${score}.`, 'Give a finite number.');
        }
        return rowAt(label, imageId, `detections[${i}].label`);
      });
      const image = images.size;
      images.set(imageId, image);
      for (const row of new Set([...truthRows, ...detectionRows])) {
        const ofClass = sample.truths.filter((_, i) => truthRows[i] === row);
        const ranked = sample.detections.filter((_, i) => detectionRows[i] === row).sort((a, b) => b.score - a.score);
        truths[row]! += ofClass.filter(({ difficult }) => !difficult).length;
        const outcomes = matchVoc(ranked, ofClass, iouThreshold, inclusivePixels ? 1 : 0);
        ledgers[row]!.append(
          image,
          Float64Array.from(ranked, ({ score }) => score),
          outcomes,
        );
      }
    },
    merge(state) {
      if (JSON.stringify(state.options) !== JSON.stringify(settings)) {
        throw new GlidError('GLID_USAGE', 'Evaluators with different options cannot be merged.', {
          fix: 'Create all of them with the same options.',
        });
      }
      for (const id of state.imageIds) checkNewImage(images, id);
      const first = images.size;
      for (const id of state.imageIds) images.set(id, images.size);
      state.ledgers.forEach((rows, row) => {
        truths[row]! += state.truths[row]!;
        ledgers[row]!.appendRows({ ...rows, images: rows.images.map((image) => first + image) });
      });
    },
    state: () => ({
      options: settings,
      imageIds: [...images.keys()],
      truths: truths.slice(),
      ledgers: ledgers.map((ledger) => ledger.copy()),
    }),
    compute() {
      const order = new Uint32Array(images.size);
      [...images]
        .sort(([a], [b]) => compareImageIds(a, b))
        .forEach(([, image], place) => {
          order[image] = place;
        });
      const perClass = labels.map((label, row): VocClassResult => {
        const rows = ledgers[row]!.rows();
        const outcomes = Uint8Array.from(rankRows(rows, order), (i) => rows.outcomes[i]!);
        return {
          label,
          AP: truths[row]! === 0 ? Number.NaN : vocAveragePrecision(outcomes, truths[row]!, interpolation),
          truths: truths[row]!,
          truePositives: outcomes.filter((value) => value === outcome.truePositive).length,
          falsePositives: outcomes.filter((value) => value === outcome.falsePositive).length,
        };
      });
      const counted = perClass.filter(({ AP }) => !Number.isNaN(AP));
      return { mAP: counted.reduce((sum, { AP }) => sum + AP, 0) / counted.length, perClass, images: images.size };
    },
    reset() {
      images.clear();
      truths.fill(0);
      ledgers = newLedgers();
    },
  };
}

/** Outcomes of detections, best first. `extra` is added to every extent. */
function matchVoc(
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
