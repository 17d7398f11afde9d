export type { Assignment } from './assignment/linear-assignment.ts';
export { linearAssignment } from './assignment/linear-assignment.ts';
export { boxArea, boxAreas, isDegenerateBox } from './boxes/area.ts';
export { clipBox, clipBoxes } from './boxes/clip.ts';
export type { Box, BoxFormat } from './boxes/convert.ts';
export { convertBox, convertBoxes } from './boxes/convert.ts';
export { boxGiou } from './boxes/giou.ts';
export type { BoxIouOptions } from './boxes/iou.ts';
export { boxIou } from './boxes/iou.ts';
export { cocoSamples, evaluateCocoResults } from './coco-json/evaluate.ts';
export type { CocoAnnotation, CocoCategoryInfo, CocoGroundTruth, CocoImageInfo } from './coco-json/ground-truth.ts';
export { parseCocoGroundTruth } from './coco-json/ground-truth.ts';
export type { CocoPanopticAnnotation, CocoPanopticGroundTruth } from './coco-json/panoptic.ts';
export { parseCocoPanoptic, parseCocoPanopticResults } from './coco-json/panoptic.ts';
export type { CocoResultEntry } from './coco-json/results.ts';
export { parseCocoResults } from './coco-json/results.ts';
export type { DataPlace } from './data-error.ts';
export { dataError, sentence } from './data-error.ts';
export type { GlidErrorCode, GlidErrorInit } from './errors.ts';
export { GlidError } from './errors.ts';
export type { CocoEvaluator, CocoEvaluatorState, CocoResult, CurveQuery } from './evaluation/coco/evaluator.ts';
export { createCocoEvaluator } from './evaluation/coco/evaluator.ts';
export type { PrecisionRecall } from './evaluation/coco/precision.ts';
export type { CocoDetection, CocoSample, CocoTruth, Segmentation } from './evaluation/coco/sample.ts';
export type {
  AreaRange,
  CocoCategory,
  CocoEvaluatorOptions,
  CocoSettings,
  CocoTask,
} from './evaluation/coco/settings.ts';
export { cocoAreaRanges } from './evaluation/coco/settings.ts';
export type { CocoCategoryResult } from './evaluation/coco/summary.ts';
export type { DepthCrop } from './evaluation/depth/crop.ts';
export { eigenCrop } from './evaluation/depth/crop.ts';
export type {
  DepthEvaluator,
  DepthEvaluatorOptions,
  DepthEvaluatorState,
  DepthMetrics,
  DepthResult,
} from './evaluation/depth/evaluator.ts';
export { createDepthEvaluator } from './evaluation/depth/evaluator.ts';
export type { DepthSample } from './evaluation/depth/measure.ts';
export type { LedgerRows } from './evaluation/detections/ledger.ts';
export type { ImageId } from './evaluation/image-id.ts';
export type {
  PanopticCategory,
  PanopticCategoryResult,
  PanopticEvaluator,
  PanopticEvaluatorState,
  PanopticMean,
  PanopticQuality,
  PanopticResult,
} from './evaluation/panoptic/evaluator.ts';
export { createPanopticEvaluator } from './evaluation/panoptic/evaluator.ts';
export type { PanopticMap, PanopticSample, PanopticSegmentInfo } from './evaluation/panoptic/sample.ts';
export type {
  SemanticClassResult,
  SemanticEvaluator,
  SemanticEvaluatorOptions,
  SemanticEvaluatorState,
  SemanticResult,
  SemanticSample,
} from './evaluation/semantic/evaluator.ts';
export { createSemanticEvaluator } from './evaluation/semantic/evaluator.ts';
export type { VocInterpolation } from './evaluation/voc/average-precision.ts';
export type {
  VocClassResult,
  VocEvaluator,
  VocEvaluatorOptions,
  VocEvaluatorState,
  VocResult,
} from './evaluation/voc/evaluator.ts';
export { createVocEvaluator } from './evaluation/voc/evaluator.ts';
export type { VocDetection, VocSample, VocTruth } from './evaluation/voc/sample.ts';
export { fromBfloatBits, fromHalfBits, largestHalf, toBfloatBits, toHalfBits } from './half.ts';
export type { ImageMeta } from './image-meta.ts';
export { cocoSkeleton } from './keypoints/coco-skeleton.ts';
export type { KeypointTruth } from './keypoints/oks.ts';
export { keypointSimilarity } from './keypoints/oks.ts';
export type { KeypointDetection, OksNmsOptions } from './keypoints/oks-nms.ts';
export { oksNms } from './keypoints/oks-nms.ts';
export { cocoKeypointSigmas } from './keypoints/sigmas.ts';
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
