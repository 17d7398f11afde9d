import type { DataPlace } from '../data-error.ts';
import { dataError } from '../data-error.ts';
import { checkedBox, checkedKeypoints, checkedMask } from '../evaluation/coco/objects.ts';
import type { CocoDetection } from '../evaluation/coco/sample.ts';
import type { ImageId } from '../evaluation/image-id.ts';
import { maskArea, maskBox } from '../masks/extent.ts';
import type { CocoGroundTruth } from './ground-truth.ts';
import { parseSegmentation } from './ground-truth.ts';
import { finiteAt, imageIdAt, integerAt, knownIdAt, listAt, objectAt } from './shape.ts';

/** One entry of a COCO results file. */
export interface CocoResultEntry extends CocoDetection {
  readonly imageId: ImageId;
}

/**
 * Reads the parsed JSON of a COCO results file (a list of detections) and checks it against its ground truth.
 * A mask without a box gets the box around it and the mask's area, as in pycocotools `loadRes`.
 * Throws `GLID_DATA` (details: source, id = place in the list, field); nothing is left out silently.
 */
export function parseCocoResults(json: unknown, groundTruth: CocoGroundTruth, source: string): CocoResultEntry[] {
  const imageOf = new Map(groundTruth.images.map((image) => [image.id, image]));
  const categories = new Map(groundTruth.categories.map((category) => [category.id, category]));
  return listAt(json, { source }).map((value, index): CocoResultEntry => {
    const at = (field?: string): DataPlace => ({ source, id: index, field });
    const raw = objectAt(value, at());
    const imageId = knownIdAt(imageIdAt(raw.image_id, at('image_id')), imageOf, at('image_id'), 'image');
    const categoryId = knownIdAt(
      integerAt(raw.category_id, at('category_id')),
      categories,
      at('category_id'),
      'category',
    );
    const score = finiteAt(raw.score, at('score'));
    const { height, width } = imageOf.get(imageId)!;
    const hasBox = raw.bbox !== undefined && !(Array.isArray(raw.bbox) && raw.bbox.length === 0);
    const segmentation = parseSegmentation(raw.segmentation, [height, width], at('segmentation'));
    if (!hasBox && !segmentation && raw.keypoints === undefined) {
      throw dataError(at(), 'A result has neither bbox nor segmentation nor keypoints.', 'Give what was detected.');
    }
    return {
      imageId,
      categoryId,
      score,
      ...(hasBox ? { bbox: checkedBox(raw.bbox, at('bbox')) } : {}),
      ...(segmentation ? { segmentation } : {}),
      ...(segmentation && !hasBox ? extentOf(checkedMask(segmentation, [height, width], at('segmentation'))) : {}),
      ...(raw.keypoints === undefined
        ? {}
        : { keypoints: jointsAt(raw.keypoints, categories.get(categoryId)?.keypoints, at('keypoints')) }),
    };
  });
}

function extentOf(mask: Parameters<typeof maskBox>[0]): Pick<CocoDetection, 'bbox' | 'area'> {
  return { bbox: maskBox(mask), area: maskArea(mask) };
}

function jointsAt(value: unknown, names: readonly string[] | undefined, place: DataPlace): ArrayLike<number> {
  return checkedKeypoints(value, names?.length ?? Math.floor(listAt(value, place).length / 3), place);
}
