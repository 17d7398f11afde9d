export { initializeParameters, initialValues } from './initialize.ts';
export type { LinearOptions, LinearSpecs } from './linear.ts';
export { applyLinear, linearSpecs } from './linear.ts';
export type { LabelMatch, LabelRows } from './match-labels.ts';
export { matchLabelRows } from './match-labels.ts';
export type { MlpOptions, MlpSpecs } from './mlp.ts';
export { applyMlp, mlpSpecs } from './mlp.ts';
export { queryPixelProduct } from './query-pixel-product.ts';
