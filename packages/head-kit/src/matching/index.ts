export type { CostMatrix } from './costs.ts';
export { addClassCosts, addCosts, addGiouCosts, addL1Costs, costMatrix } from './costs.ts';
export { maskCosts } from './mask-costs.ts';
export type { QueryMatch } from './match-queries.ts';
export { matchQueries } from './match-queries.ts';
export { sampleShared } from './sample-shared.ts';
export { softmaxRows } from './softmax-rows.ts';
export type { PointSampling } from './uncertain-points.ts';
export { pointCounts, uncertainPoints, uniformPoints } from './uncertain-points.ts';
