export type { DepthConfig, DepthInput } from './config.ts';
export type { DepthRaw } from './forward.ts';
export type { DepthHead } from './head.ts';
export { depth, drawDepth } from './head.ts';
export { depthMetrics } from './metrics.ts';
export type { DepthPrediction } from './postprocess.ts';
export type { DepthFields, DepthTarget } from './targets.ts';
