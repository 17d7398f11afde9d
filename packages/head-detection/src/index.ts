export type { DetectionAssignment } from './assign.ts';
export type { DetectionConfig, DetectionInput } from './config.ts';
export { drawDetections } from './draw.ts';
export type { DetectionRaw } from './forward.ts';
export type { DetectionHead } from './head.ts';
export { detection } from './head.ts';
export { detectionMetrics } from './metrics.ts';
export type { Detection, DetectionOptions, DetectionResult } from './postprocess.ts';
export type { DetectionFields, DetectionTarget } from './targets.ts';
