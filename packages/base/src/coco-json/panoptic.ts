import type { DataPlace } from '../data-error.ts';
import { dataError } from '../data-error.ts';
import type { ImageId } from '../evaluation/image-id.ts';
import type { PanopticCategory } from '../evaluation/panoptic/evaluator.ts';
import type { PanopticSegmentInfo } from '../evaluation/panoptic/sample.ts';
import type { CocoCategoryInfo, CocoImageInfo } from './ground-truth.ts';
import { parseCategories, parseImages } from './ground-truth.ts';
import { finiteAt, flagAt, imageIdAt, integerAt, knownIdAt, listAt, newIdAt, objectAt, textAt } from './shape.ts';

/** The segments of one picture; its pixels lie in the PNG `fileName` as R + 256 G + 65536 B. */
export interface CocoPanopticAnnotation {
  readonly imageId: ImageId;
  readonly fileName: string;
  readonly segments: readonly PanopticSegmentInfo[];
}

/** A COCO panoptic ground-truth file. */
export interface CocoPanopticGroundTruth {
  readonly source: string;
  readonly images: readonly CocoImageInfo[];
  readonly annotations: readonly CocoPanopticAnnotation[];
  readonly categories: readonly (CocoCategoryInfo & PanopticCategory)[];
}

/** Reads the parsed JSON of a COCO panoptic file and checks it. Throws `GLID_DATA` (details: source, id, field). */
export function parseCocoPanoptic(json: unknown, source: string): CocoPanopticGroundTruth {
  const file = objectAt(json, { source });
  const images = parseImages(file.images, source);
  const categories = parseCategories(file.categories, source).map((category) => {
    if (category.isThing !== undefined) return { ...category, isThing: category.isThing };
    const place = { source, id: category.id, field: 'categories.isthing' };
    throw dataError(place, 'It is not said whether this category is countable.', 'Give isthing: 1 or 0.');
  });
  return { source, images, categories, annotations: parseAnnotations(file.annotations, source, images, categories) };
}

/**
 * Reads the parsed JSON of a panoptic results file (an object with `annotations`) and checks it against its ground truth.
 * Every picture of the ground truth must be there, as panopticapi demands.
 */
export function parseCocoPanopticResults(
  json: unknown,
  groundTruth: CocoPanopticGroundTruth,
  source: string,
): CocoPanopticAnnotation[] {
  const file = objectAt(json, { source });
  const found = parseAnnotations(file.annotations, source, groundTruth.images, groundTruth.categories);
  const ids = new Set(found.map(({ imageId }) => imageId));
  const missing = groundTruth.annotations.find(({ imageId }) => !ids.has(imageId));
  if (missing) {
    const place = { source, id: missing.imageId, field: 'annotations' };
    throw dataError(place, 'There is no prediction for this picture.', 'Add one; it may have no segments.');
  }
  return found;
}

function parseAnnotations(
  value: unknown,
  source: string,
  images: readonly CocoImageInfo[],
  categories: readonly CocoCategoryInfo[],
): CocoPanopticAnnotation[] {
  const imageIds = new Set(images.map(({ id }) => id));
  const categoryIds = new Set(categories.map(({ id }) => id));
  const seen = new Set<ImageId>();
  return listAt(value, { source, field: 'annotations' }).map((entry, i) => {
    const raw = objectAt(entry, { source, field: `annotations[${i}]` });
    const idPlace = { source, field: `annotations[${i}].image_id` };
    const imageId = newIdAt(knownIdAt(imageIdAt(raw.image_id, idPlace), imageIds, idPlace, 'image'), seen, idPlace);
    const segmentIds = new Set<number>();
    const segments = listAt(raw.segments_info, { source, id: imageId, field: 'segments_info' }).map((segment, s) => {
      const at = (field?: string): DataPlace => ({
        source,
        id: imageId,
        field: field ? `segments_info[${s}].${field}` : `segments_info[${s}]`,
      });
      const { id, category_id, iscrowd, area } = objectAt(segment, at());
      return {
        id: newIdAt(integerAt(id, at('id'), 1), segmentIds, at('id')),
        categoryId: knownIdAt(integerAt(category_id, at('category_id')), categoryIds, at('category_id'), 'category'),
        crowd: flagAt(iscrowd, at('iscrowd')),
        ...(area === undefined ? {} : { area: finiteAt(area, at('area')) }),
      };
    });
    return { imageId, fileName: textAt(raw.file_name, { source, id: imageId, field: 'file_name' }), segments };
  });
}
