export { templateHead } from './head.ts';
export type { FoundThing, PointOptions } from './results.ts';
