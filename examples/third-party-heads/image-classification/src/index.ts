export type { ClassificationResult } from './head.ts';
export { imageClassification } from './head.ts';
