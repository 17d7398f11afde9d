import type { Box } from '../boxes/convert.ts';
import type { DataPlace } from '../data-error.ts';
import { dataError } from '../data-error.ts';
import { checkedBox, checkedKeypoints, checkedMask } from '../evaluation/coco/objects.ts';
import type { CocoTruth, Segmentation } from '../evaluation/coco/sample.ts';
import type { ImageId } from '../evaluation/image-id.ts';
import { checkPolygon } from '../masks/polygon.ts';
import { finiteAt, flagAt, imageIdAt, integerAt, knownIdAt, listAt, newIdAt, objectAt, textAt } from './shape.ts';

export interface CocoImageInfo {
  readonly id: ImageId;
  readonly width: number;
  readonly height: number;
  readonly fileName?: string;
}

export interface CocoCategoryInfo {
  readonly id: number;
  readonly name: string;
  readonly supercategory?: string;
  /** Names of the joints, for data sets with keypoints. */
  readonly keypoints?: readonly string[];
  /** Pairs of joints to draw, counted from 1 as COCO does. */
  readonly skeleton?: readonly (readonly [from: number, to: number])[];
  /** Countable objects, not stuff; panoptic files only. */
  readonly isThing?: boolean;
}

/** One annotation. Masks stay as the file has them, checked. */
export interface CocoAnnotation extends CocoTruth {
  readonly id: number | string;
  readonly imageId: ImageId;
  readonly bbox: Box;
  readonly crowd: boolean;
  readonly segmentation?: Segmentation;
  readonly keypoints?: readonly number[];
}

/** A COCO ground-truth file: instances or person keypoints. */
export interface CocoGroundTruth {
  readonly source: string;
  readonly images: readonly CocoImageInfo[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly CocoCategoryInfo[];
}

/**
 * Reads the parsed JSON of a COCO instances or keypoints file and checks all of it. `source` names it in messages.
 * Throws `GLID_DATA` (details: source, id, field) for a wrong shape, ids that are unknown or not unique, and bad boxes, masks or joints.
 */
export function parseCocoGroundTruth(json: unknown, source: string): CocoGroundTruth {
  const file = objectAt(json, { source });
  const images = parseImages(file.images, source);
  const categories = parseCategories(file.categories, source);
  const imageOf = new Map(images.map((image) => [image.id, image]));
  const categoryOf = new Map(categories.map((category) => [category.id, category]));
  const ids = new Set<number | string>();
  const annotations = listAt(file.annotations, { source, field: 'annotations' }).map((value, i): CocoAnnotation => {
    const raw = objectAt(value, { source, field: `annotations[${i}]` });
    const id = newIdAt(imageIdAt(raw.id, { source, field: `annotations[${i}].id` }), ids, {
      source,
      field: `annotations[${i}].id`,
    });
    const at = (field: string): DataPlace => ({ source, id, field });
    const imageId = knownIdAt(imageIdAt(raw.image_id, at('image_id')), imageOf, at('image_id'), 'image');
    const categoryId = knownIdAt(
      integerAt(raw.category_id, at('category_id')),
      categoryOf,
      at('category_id'),
      'category',
    );
    const { height, width } = imageOf.get(imageId)!;
    const segmentation = parseSegmentation(raw.segmentation, [height, width], at('segmentation'));
    const keypoints = parseKeypoints(raw.keypoints, categoryOf.get(categoryId)!, at('keypoints'));
    return {
      id,
      imageId,
      categoryId,
      bbox: checkedBox(raw.bbox, at('bbox')),
      crowd: flagAt(raw.iscrowd, at('iscrowd')),
      ...(raw.area === undefined ? {} : { area: areaAt(raw.area, at('area')) }),
      ...(segmentation ? { segmentation } : {}),
      ...(keypoints ? { keypoints } : {}),
      ...(raw.num_keypoints === undefined
        ? {}
        : { numKeypoints: integerAt(raw.num_keypoints, at('num_keypoints'), 0) }),
    };
  });
  return { source, images, annotations, categories };
}

export function parseImages(value: unknown, source: string): CocoImageInfo[] {
  const ids = new Set<ImageId>();
  return listAt(value, { source, field: 'images' }).map((entry, i) => {
    const raw = objectAt(entry, { source, field: `images[${i}]` });
    const place = { source, field: `images[${i}].id` };
    const id = newIdAt(imageIdAt(raw.id, place), ids, place);
    return {
      id,
      width: integerAt(raw.width, { source, id, field: 'images.width' }, 1),
      height: integerAt(raw.height, { source, id, field: 'images.height' }, 1),
      ...(raw.file_name === undefined
        ? {}
        : { fileName: textAt(raw.file_name, { source, id, field: 'images.file_name' }) }),
    };
  });
}

export function parseCategories(value: unknown, source: string): CocoCategoryInfo[] {
  const ids = new Set<number>();
  return listAt(value, { source, field: 'categories' }).map((entry, i) => {
    const raw = objectAt(entry, { source, field: `categories[${i}]` });
    const place = { source, field: `categories[${i}].id` };
    const id = newIdAt(integerAt(raw.id, place), ids, place);
    const at = (field: string): DataPlace => ({ source, id, field: `categories.${field}` });
    return {
      id,
      name: textAt(raw.name, at('name')),
      ...(raw.supercategory === undefined ? {} : { supercategory: textAt(raw.supercategory, at('supercategory')) }),
      ...(raw.isthing === undefined ? {} : { isThing: flagAt(raw.isthing, at('isthing')) }),
      ...(raw.keypoints === undefined
        ? {}
        : { keypoints: listAt(raw.keypoints, at('keypoints')).map((name) => textAt(name, at('keypoints'))) }),
      ...(raw.skeleton === undefined ? {} : { skeleton: parseSkeleton(raw.skeleton, at('skeleton')) }),
    };
  });
}

function parseSkeleton(value: unknown, place: DataPlace): (readonly [number, number])[] {
  return listAt(value, place).map((edge) => {
    const [from, to, ...more] = listAt(edge, place);
    if (more.length > 0) throw dataError({ ...place, got: edge }, 'An edge joins two joints.', 'List pairs of joints.');
    return [integerAt(from, place, 1), integerAt(to, place, 1)];
  });
}

/** A mask as the file has it, undefined where there is none. Outlines are checked but not rasterised, runs must fill the picture. */
export function parseSegmentation(
  value: unknown,
  size: readonly [height: number, width: number],
  place: DataPlace,
): Segmentation | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  if (Array.isArray(value)) for (const polygon of value) checkPolygon(polygon, place);
  else checkedMask(value as Segmentation, size, place);
  return value as Segmentation;
}

function parseKeypoints(value: unknown, category: CocoCategoryInfo, place: DataPlace): readonly number[] | undefined {
  if (value === undefined || value === null) return undefined;
  const joints = category.keypoints?.length ?? Math.floor(listAt(value, place).length / 3);
  checkedKeypoints(value, joints, place);
  return value as readonly number[];
}

function areaAt(value: unknown, place: DataPlace): number {
  const area = finiteAt(value, place);
  if (area < 0) throw dataError({ ...place, got: area }, `The area is ${area}.`, 'Give square pixels, 0 or more.');
  return area;
}
