export { clsSpecs, headQueries, headQuerySpecs } from './head-queries.ts';
export type { PackedQueries } from './packed-queries.ts';
export { packQueries } from './packed-queries.ts';
