export type { Augmentation } from './augment/augmentation.ts';
export { augment, oneOf, sometimes } from './augment/augmentation.ts';
export type { RandomResizedCropOptions } from './augment/crop.ts';
export {
  centerCrop,
  cropBorder,
  padTo,
  randomCrop,
  randomResizedCrop,
  randomSizeCrop,
  resizeCenter,
} from './augment/crop.ts';
export { randomFlip } from './augment/flip.ts';
export type { PhotometricOptions } from './augment/photometric.ts';
export { gammaBrightnessColor, photometricJitter } from './augment/photometric.ts';
export type { PoseCropChance, PoseCropOptions, PoseFrame } from './augment/pose-crop.ts';
export { poseCrop, poseMatrix } from './augment/pose-crop.ts';
export type { ResizeShortSideOptions, ScaleJitterOptions } from './augment/resize.ts';
export { resizeInside, resizeShortSide, resizeTo, scaleJitter } from './augment/resize.ts';
export type { RandomRotationOptions } from './augment/rotate.ts';
export { randomRotation } from './augment/rotate.ts';
export type { DecodeOptions } from './decode/decode-image.ts';
export { decodeImage } from './decode/decode-image.ts';
export { decodeDepthPng, decodeLabelPng, decodePanopticPng } from './decode/decode-maps.ts';
export { imageSize } from './decode/image-size.ts';
export type { CheckOptions, DatasetReport } from './doctor/check-dataset.ts';
export { checkDataset } from './doctor/check-dataset.ts';
export { formatReport } from './doctor/format-report.ts';
export type { DataIssue, IssueKind } from './doctor/issue.ts';
export type { FileSource, ReadOptions, Root } from './files/file-source.ts';
export { memoryFiles } from './files/file-source.ts';
export type { AffineMatrix } from './geometry/affine-matrix.ts';
export { applyGeometry } from './geometry/apply-geometry.ts';
export type { AffineGeometry, AxisGeometry, Fill, Filter, Geometry, Rect } from './geometry/geometry.ts';
export type { BatchPort } from './loader/batch-port.ts';
export type { BatchSource, EvaluationBatch, EvaluationOptions } from './loader/batch-source.ts';
export { batchSource, evaluationSource } from './loader/batch-source.ts';
export type { Batch, CollateOptions, Normalization } from './loader/collate.ts';
export { collate, imagenetNormalization } from './loader/collate.ts';
export type { LoadedBatch, LoadOptions } from './loader/load-batches.ts';
export { loadBatches } from './loader/load-batches.ts';
export type { ReceiveOptions } from './loader/receive-batches.ts';
export { receiveBatches } from './loader/receive-batches.ts';
export type { RankShare, SampleOrderOptions, StreamEntry } from './loader/sample-order.ts';
export { batchPositions, sampleOrder } from './loader/sample-order.ts';
export { serveBatches } from './loader/serve-batches.ts';
export type { SkippedRecord, UnreadablePolicy } from './loader/unreadable.ts';
export * as presets from './presets/index.ts';
export * from './readers/index.ts';
export { keepInMemory } from './sample/keep-in-memory.ts';
export type { OnePerObjectOptions } from './sample/one-per-object.ts';
export { onePerObject } from './sample/one-per-object.ts';
export type { Sample, SampleField, Size } from './sample/sample.ts';
export { makeSample } from './sample/sample.ts';
export type { TargetSource, TargetSources } from './sample/sources.ts';
export { sampleRecord } from './sample/sources.ts';
export * from './synthetic/index.ts';
