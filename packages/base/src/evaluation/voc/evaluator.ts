import { GlidError } from '../../errors.ts';
import type { LedgerRows } from '../detections/ledger.ts';
import { DetectionLedger, rankRows } from '../detections/ledger.ts';
import { outcome } from '../detections/outcome.ts';
import type { ImageId } from '../image-id.ts';
import { checkNewImages, compareImageIds, imageIdOf, listOf } from '../image-id.ts';
import type { VocInterpolation } from './average-precision.ts';
import { vocAveragePrecision } from './average-precision.ts';
import { matchVoc } from './match.ts';
import type { VocSample } from './sample.ts';

export interface VocEvaluatorOptions {
  readonly labels: readonly string[];
  /** A detection is right from this IoU on; 0.5 by default. */
  readonly iouThreshold?: number;
  /** `11-point` until VOC 2009, `area` (every point) since 2010, which is the default. */
  readonly interpolation?: VocInterpolation;
  /** Count a box from pixel 3 to pixel 5 as 3 pixels wide, as the devkit does; true by default. */
  readonly inclusivePixels?: boolean;
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
  /** Matches one picture or several. For bad data it throws `GLID_DATA` and counts none of them. */
  update(samples: VocSample | readonly VocSample[]): void;
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

  return {
    update(samples) {
      const batch = listOf(samples);
      checkNewImages(images, batch.map(imageIdOf));
      const matched = batch.map((sample) => matchVoc(sample, rowOf, iouThreshold, inclusivePixels));
      for (const [i, { imageId }] of batch.entries()) {
        const image = images.size;
        images.set(imageId, image);
        for (const { row, toFind, scores, outcomes } of matched[i]!) {
          truths[row]! += toFind;
          ledgers[row]!.append(image, scores, outcomes);
        }
      }
    },
    merge(state) {
      if (JSON.stringify(state.options) !== JSON.stringify(settings)) {
        throw new GlidError('GLID_USAGE', 'Evaluators with different options cannot be merged.', {
          fix: 'Create all of them with the same options.',
        });
      }
      checkNewImages(images, state.imageIds);
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
