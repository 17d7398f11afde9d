export type { CheckpointDescription } from './describe-checkpoint.ts';
export { describeCheckpoint, formatCheckpoint } from './describe-checkpoint.ts';
export type { Checkpoint, LoadWeightsOptions } from './load-weights.ts';
export { loadWeights } from './load-weights.ts';
export type { WeightManifest, WeightPart } from './manifest.ts';
export type { CheckpointHead, CheckpointMetadata } from './metadata.ts';
export { decodeMetadata, encodeMetadata } from './metadata.ts';
export type { SavedFile, SavedWeights, SaveWeightsOptions } from './save-weights.ts';
export { saveWeights, writeWeights } from './save-weights.ts';
