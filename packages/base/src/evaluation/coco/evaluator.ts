import { dataError } from '../../data-error.ts';
import { GlidError } from '../../errors.ts';
import type { LedgerRows } from '../detections/ledger.ts';
import { DetectionLedger } from '../detections/ledger.ts';
import type { ImageId } from '../image-id.ts';
import { checkNewImages, compareImageIds, imageIdOf, listOf } from '../image-id.ts';
import type { CocoCounts } from './accumulate.ts';
import { accumulate, categoryCurves } from './accumulate.ts';
import type { CocoMatches } from './match.ts';
import { matchDetections } from './match.ts';
import type { CocoDetectionObject, CocoTruthObject } from './objects.ts';
import { detectionObject, truthObject } from './objects.ts';
import type { PrecisionRecall } from './precision.ts';
import type { CocoSample } from './sample.ts';
import type { CocoCategory, CocoEvaluatorOptions, CocoSettings } from './settings.ts';
import { cocoSettings } from './settings.ts';
import { similarities } from './similarity.ts';
import type { CocoCategoryResult, CocoTables } from './summary.ts';
import { categoryCount, summarise, summariseCategories } from './summary.ts';

export interface CocoResult extends CocoTables {
  /**
   * The numbers that pycocotools prints, in its order and under the names of the COCO page: AP, AP50, AP75, APsmall, APmedium,
   * APlarge, AR@1, AR@10, AR@100, ARsmall, …; keypoints have AR, AR50, AR75. In [0, 1]; -1 means: no ground truth there.
   */
  readonly stats: Readonly<Record<string, number>>;
  /** By rising category id; empty when categories are ignored. */
  readonly perCategory: readonly CocoCategoryResult[];
  /** What the axes of the tables `[T, K, A, M]` stand for. */
  readonly settings: CocoSettings;
  readonly images: number;
}

/** Everything counted so far, as plain data that can be sent to another thread or process. */
export interface CocoEvaluatorState {
  readonly settings: CocoSettings;
  readonly imageIds: readonly ImageId[];
  readonly truths: Float64Array;
  readonly ledgers: readonly LedgerRows[];
}

export interface CurveQuery {
  /** Left out only where categories are ignored. */
  readonly categoryId?: number;
  /** Index into the settings' lists; by default the first threshold, the first area range, the most detections. */
  readonly iouThreshold?: number;
  readonly areaRange?: number;
  readonly maxDetections?: number;
}

export interface CocoEvaluator {
  /** Matches one picture or several and keeps scores and outcomes only. For bad data it throws `GLID_DATA` and counts none of them. */
  update(samples: CocoSample | readonly CocoSample[]): void;
  /** Adds what another evaluator with the same settings has counted, on other pictures. */
  merge(state: CocoEvaluatorState): void;
  state(): CocoEvaluatorState;
  /** The numbers so far. They do not depend on the order or the grouping in which pictures came. */
  compute(): CocoResult;
  /** Precision at recall 0, .01, … 1 for one category; undefined where there is no ground truth. */
  precisionRecall(query?: CurveQuery): PrecisionRecall | undefined;
  reset(): void;
}

/**
 * COCO's evaluation with the exact semantics of pycocotools' COCOeval, picture by picture.
 * Two differences: an annotation with id 0 matches like any other, and the area of a detected mask is the mask's, also where a box
 * stands beside it.
 */
export function createCocoEvaluator(options: CocoEvaluatorOptions): CocoEvaluator {
  return new StreamingCocoEvaluator(cocoSettings(options));
}

interface Cell extends CocoMatches {
  readonly k: number;
  readonly scores: Float64Array;
}

class StreamingCocoEvaluator implements CocoEvaluator {
  readonly #settings: CocoSettings;
  readonly #rowOf: ReadonlyMap<number, number>;
  #images = new Map<ImageId, number>();
  #truths: Float64Array;
  #ledgers: DetectionLedger[];

  constructor(settings: CocoSettings) {
    this.#settings = settings;
    this.#rowOf = new Map(settings.categories.map(({ id }: CocoCategory, k) => [id, k]));
    this.#truths = new Float64Array(categoryCount(settings) * settings.areaRanges.length);
    this.#ledgers = this.#emptyLedgers();
  }

  update(samples: CocoSample | readonly CocoSample[]): void {
    const batch = listOf(samples);
    checkNewImages(this.#images, batch.map(imageIdOf));
    const matched = batch.map((sample) => this.#match(sample));
    const ranges = this.#settings.areaRanges.length;
    for (const [i, { imageId }] of batch.entries()) {
      const image = this.#images.size;
      this.#images.set(imageId, image);
      for (const { k, truths, scores, outcomes } of matched[i]!) {
        for (let a = 0; a < ranges; a++) this.#truths[k * ranges + a]! += truths[a]!;
        this.#ledgers[k]!.append(image, scores, outcomes);
      }
    }
  }

  merge(state: CocoEvaluatorState): void {
    if (JSON.stringify(state.settings) !== JSON.stringify(this.#settings)) {
      throw new GlidError('GLID_USAGE', 'Evaluators with different settings cannot be merged.', {
        fix: 'Create all of them with the same options.',
      });
    }
    checkNewImages(this.#images, state.imageIds);
    const first = this.#images.size;
    for (const id of state.imageIds) this.#images.set(id, this.#images.size);
    for (let i = 0; i < this.#truths.length; i++) this.#truths[i]! += state.truths[i]!;
    state.ledgers.forEach((rows, k) => {
      this.#ledgers[k]!.appendRows({ ...rows, images: rows.images.map((image) => first + image) });
    });
  }

  state(): CocoEvaluatorState {
    return {
      settings: this.#settings,
      imageIds: [...this.#images.keys()],
      truths: this.#truths.slice(),
      ledgers: this.#ledgers.map((ledger) => ledger.copy()),
    };
  }

  compute(): CocoResult {
    const settings = this.#settings;
    const tables = accumulate(this.#counts(), settings);
    return {
      stats: summarise(tables, settings),
      perCategory: summariseCategories(tables, settings),
      ...tables,
      settings,
      images: this.#images.size,
    };
  }

  precisionRecall(query: CurveQuery = {}): PrecisionRecall | undefined {
    const {
      categoryId,
      iouThreshold = 0,
      areaRange = 0,
      maxDetections = this.#settings.maxDetections.length - 1,
    } = query;
    const k = this.#settings.classAgnostic ? 0 : this.#rowOf.get(categoryId ?? Number.NaN);
    const inside =
      iouThreshold in this.#settings.iouThresholds &&
      areaRange in this.#settings.areaRanges &&
      maxDetections in this.#settings.maxDetections;
    if (k === undefined || !inside) {
      throw new GlidError('GLID_USAGE', 'This curve was not evaluated.', {
        fix: 'Name a category id of the data set, and indices into the lists of the settings.',
        details: { ...query },
      });
    }
    return categoryCurves(this.#counts(), this.#settings, k)(iouThreshold, areaRange, maxDetections);
  }

  reset(): void {
    this.#images = new Map();
    this.#truths.fill(0);
    this.#ledgers = this.#emptyLedgers();
  }

  #emptyLedgers(): DetectionLedger[] {
    const { areaRanges, iouThresholds } = this.#settings;
    const stride = areaRanges.length * iouThresholds.length;
    return Array.from({ length: categoryCount(this.#settings) }, () => new DetectionLedger(stride));
  }

  #counts(): CocoCounts {
    const imageOrder = new Uint32Array(this.#images.size);
    const sorted = [...this.#images].sort(([a], [b]) => compareImageIds(a, b));
    sorted.forEach(([, image], place) => {
      imageOrder[image] = place;
    });
    return { ledgers: this.#ledgers, truths: this.#truths, imageOrder };
  }

  /** Checks the whole picture and matches each of its categories, without counting anything yet. */
  #match(sample: CocoSample): Cell[] {
    const settings = this.#settings;
    const truths = this.#byCategory(sample, 'truths', (truth, i) => truthObject(truth, sample, settings, i));
    const found = this.#byCategory(sample, 'detections', (detection, i) =>
      detectionObject(detection, sample, settings, i),
    );
    const most = settings.maxDetections.at(-1)!;
    return [...new Set([...truths.keys(), ...found.keys()])].map((k) => {
      const cellTruths: CocoTruthObject[] = truths.get(k) ?? [];
      const detections: CocoDetectionObject[] = (found.get(k) ?? []).sort((a, b) => b.score - a.score).slice(0, most);
      const matches = matchDetections(detections, cellTruths, similarities(detections, cellTruths, settings), settings);
      return { k, scores: Float64Array.from(detections, ({ score }) => score), ...matches };
    });
  }

  /** Objects by row of their category; where categories are ignored, all in one row, by rising category id. */
  #byCategory<L extends 'truths' | 'detections', T>(
    sample: CocoSample,
    list: L,
    toObject: (object: CocoSample[L][number], index: number) => T,
  ): Map<number, T[]> {
    const rows = new Map<number, T[]>();
    const objects: readonly CocoSample[L][number][] = sample[list];
    objects.forEach((object, i) => {
      const row = this.#rowOf.get(object.categoryId);
      if (row === undefined) {
        throw dataError(
          { id: sample.imageId, field: `${list}[${i}].categoryId`, got: object.categoryId },
          `There is no category ${object.categoryId}.`,
          'Use the category ids that the evaluator was created with.',
        );
      }
      const group = rows.get(row);
      if (group) group.push(toObject(object, i));
      else rows.set(row, [toObject(object, i)]);
    });
    if (!this.#settings.classAgnostic) return rows;
    const all = [...rows].sort(([a], [b]) => a - b).flatMap(([, group]) => group);
    return all.length === 0 ? new Map() : new Map([[0, all]]);
  }
}
