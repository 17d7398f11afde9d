import type { Box } from '../../boxes/convert.ts';
import type { DataPlace } from '../../data-error.ts';
import { dataError, shown } from '../../data-error.ts';
import { maskArea } from '../../masks/extent.ts';
import { maskFromPolygons } from '../../masks/rasterise.ts';
import type { MaskLike, RleRuns } from '../../masks/runs.ts';
import { parseRle } from '../../masks/runs.ts';
import type { CocoDetection, CocoSample, CocoTruth, Segmentation } from './sample.ts';
import type { CocoSettings } from './settings.ts';

/** A checked ground truth or detection: what its task compares, and its area. */
export interface CocoObject {
  readonly area: number;
  readonly bbox?: Box;
  readonly mask?: RleRuns;
  readonly keypoints?: ArrayLike<number>;
}

export interface CocoTruthObject extends CocoObject {
  readonly crowd: boolean;
  /** Left out of the count of objects to find, whatever the area range. */
  readonly ignored: boolean;
}

export interface CocoDetectionObject extends CocoObject {
  readonly score: number;
}

export function truthObject(
  truth: CocoTruth,
  sample: CocoSample,
  settings: CocoSettings,
  index: number,
): CocoTruthObject {
  const at = place(sample, `truths[${index}]`, truth.id);
  const object = comparable(truth, sample, settings, at);
  const crowd = truth.crowd ?? false;
  if (settings.task !== 'keypoints') return { ...object, crowd, ignored: crowd };
  const area = truth.area;
  if (area === undefined) {
    throw dataError(at('area'), 'Keypoints need the area of their object.', 'Give the annotation its area.');
  }
  const keypoints = object.keypoints!;
  let labelled = 0;
  for (let i = 2; i < keypoints.length; i += 3) if (keypoints[i]! > 0) labelled++;
  if (labelled === 0 && !truth.bbox) {
    throw dataError(at('bbox'), 'An object without labelled joints needs its box.', 'Give the annotation its bbox.');
  }
  return { ...object, area, crowd, ignored: crowd || (truth.numKeypoints ?? labelled) === 0 };
}

export function detectionObject(
  detection: CocoDetection,
  sample: CocoSample,
  settings: CocoSettings,
  index: number,
): CocoDetectionObject {
  const at = place(sample, `detections[${index}]`);
  if (!Number.isFinite(detection.score)) {
    throw dataError(
      { ...at('score'), got: detection.score },
      `The score is ${shown(detection.score)}.`,
      'Give a finite number.',
    );
  }
  return { ...comparable(detection, sample, settings, at), score: detection.score };
}

type PlaceOf = (field: string) => DataPlace;

function place({ imageId }: CocoSample, object: string, objectId?: number | string): PlaceOf {
  return (field) => ({ id: imageId, field: `${object}.${field}`, ...(objectId === undefined ? {} : { objectId }) });
}

/** The part of an object that its task compares, checked. */
function comparable(
  object: CocoTruth | CocoDetection,
  sample: CocoSample,
  settings: CocoSettings,
  at: PlaceOf,
): CocoObject {
  const { task } = settings;
  const given = object.area;
  if (given !== undefined && !(Number.isFinite(given) && given >= 0)) {
    throw dataError({ ...at('area'), got: given }, `The area is ${shown(given)}.`, 'Give square pixels, 0 or more.');
  }
  const bbox = object.bbox === undefined ? undefined : checkedBox(object.bbox, at('bbox'));
  if (task === 'bbox') {
    if (!bbox) throw dataError(at('bbox'), 'There is no box.', 'Give [x, y, width, height].');
    return { bbox, area: given ?? bbox[2] * bbox[3] };
  }
  if (task === 'segm') {
    if (object.segmentation === undefined) {
      throw dataError(at('segmentation'), 'There is no mask.', 'Give outlines or run lengths.');
    }
    const mask = checkedMask(object.segmentation, sample.size, at('segmentation'));
    return { mask, area: given ?? maskArea(mask) };
  }
  const keypoints = checkedKeypoints(object.keypoints, settings.sigmas.length, at('keypoints'));
  return { keypoints, area: given ?? extentArea(keypoints), ...(bbox ? { bbox } : {}) };
}

/** `[x, y, width, height]`, finite and not turned inside out, or `GLID_DATA`. */
export function checkedBox(bbox: unknown, at: DataPlace): Box {
  const box = bbox as Box;
  const four = (Array.isArray(bbox) || ArrayBuffer.isView(bbox)) && box.length === 4;
  if (!four || !Array.from(box).every(Number.isFinite)) {
    throw dataError(
      { ...at, got: bbox },
      `A box is ${shown(bbox)}.`,
      'Give four finite numbers [x, y, width, height].',
    );
  }
  if (box[2] < 0 || box[3] < 0) {
    throw dataError(
      { ...at, got: bbox },
      `A box is ${box[2]} wide and ${box[3]} high.`,
      'Give [x, y, width, height], not two corners, and drop boxes that are turned inside out.',
    );
  }
  return box;
}

/** A mask of the picture's size, or `GLID_DATA`. */
export function checkedMask(
  segmentation: Segmentation,
  size: readonly [height: number, width: number] | undefined,
  at: DataPlace,
): RleRuns {
  if (Array.isArray(segmentation)) {
    if (size) return maskFromPolygons(segmentation, size, at);
    throw dataError(at, 'Outlines need the size of the picture.', 'Give the sample its size [height, width].');
  }
  if (typeof segmentation !== 'object' || segmentation === null) {
    throw dataError({ ...at, got: segmentation }, 'This is no mask.', 'Give outlines or { size, counts }.');
  }
  const mask = parseRle(segmentation as MaskLike, at);
  if (size && (mask.size[0] !== size[0] || mask.size[1] !== size[1])) {
    throw dataError(
      { ...at, expected: size, got: mask.size },
      `A mask has ${mask.size[0]} x ${mask.size[1]} pixels (height x width), its picture ${size[0]} x ${size[1]}.`,
      'Bring masks to the size of their picture first (resizeMask).',
    );
  }
  return mask;
}

/** `[K * 3]` finite numbers, or `GLID_DATA`. */
export function checkedKeypoints(keypoints: unknown, joints: number, at: DataPlace): ArrayLike<number> {
  const values = keypoints as ArrayLike<number>;
  const listed = Array.isArray(keypoints) || ArrayBuffer.isView(keypoints);
  if (!listed || values.length !== joints * 3) {
    throw dataError(
      { ...at, expected: joints * 3, got: listed ? values.length : typeof keypoints },
      `${joints} joints need ${joints * 3} numbers, got ${listed ? values.length : typeof keypoints}.`,
      'Give x, y, visibility for each joint, and the sigmas of the same skeleton.',
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw dataError(
      { ...at, index: i, got: values[i] },
      `Keypoint number ${i} is ${shown(values[i])}.`,
      'Give finite numbers.',
    );
  }
  return values;
}

/** Area of the box around all keypoints, labelled or not (pycocotools `loadRes`). */
function extentArea(keypoints: ArrayLike<number>): number {
  const range = [0, 1].map((axis) => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = axis; i < keypoints.length; i += 3) {
      low = Math.min(low, keypoints[i]!);
      high = Math.max(high, keypoints[i]!);
    }
    return high - low;
  });
  return range[0]! * range[1]!;
}
