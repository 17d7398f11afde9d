export type { Assignment } from './assignment/linear-assignment.ts';
export { linearAssignment } from './assignment/linear-assignment.ts';
export type { GlidErrorCode, GlidErrorInit } from './errors.ts';
export { GlidError } from './errors.ts';
export type { ImageMeta } from './image-meta.ts';
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
