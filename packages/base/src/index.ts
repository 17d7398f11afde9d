export type { Assignment } from './assignment/linear-assignment.ts';
export { linearAssignment } from './assignment/linear-assignment.ts';
export { boxArea, boxAreas, isDegenerateBox } from './boxes/area.ts';
export { clipBox, clipBoxes } from './boxes/clip.ts';
export type { Box, BoxFormat } from './boxes/convert.ts';
export { convertBox, convertBoxes } from './boxes/convert.ts';
export { boxGiou } from './boxes/giou.ts';
export type { BoxIouOptions } from './boxes/iou.ts';
export { boxIou } from './boxes/iou.ts';
export type { DataPlace } from './data-error.ts';
export { dataError } from './data-error.ts';
export type { GlidErrorCode, GlidErrorInit } from './errors.ts';
export { GlidError } from './errors.ts';
export type { ImageMeta } from './image-meta.ts';
export type { MaskOrder } from './masks/dense.ts';
export { decodeMask, encodeMask } from './masks/dense.ts';
export { maskArea, maskBox } from './masks/extent.ts';
export { maskIou } from './masks/iou.ts';
export { mergeMasks } from './masks/merge.ts';
export type { Polygon } from './masks/polygon.ts';
export { checkPolygon, polygonArea } from './masks/polygon.ts';
export { maskFromBox, maskFromPolygons } from './masks/rasterise.ts';
export { resizeMask } from './masks/resize.ts';
export type { MaskLike, RleRuns } from './masks/runs.ts';
export { parseRle } from './masks/runs.ts';
export { compressRle } from './masks/string.ts';
export type { RandomState } from './random.ts';
export { Random } from './random.ts';
export type {
  BoxXyxy,
  Dataset,
  DepthMap,
  LabelMap,
  ObjectAnnotation,
  PanopticSegment,
  RgbImage,
  Rle,
  SceneRecord,
  Skeleton,
} from './record.ts';
export type { HostArray, TargetField, TargetFields, TargetOf } from './targets.ts';
