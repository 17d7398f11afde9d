export type { MaskCosts } from '@glid/ops';
export { maskCosts } from '@glid/ops';
export type { CostMatrix } from './costs.ts';
export { addClassCosts, addCosts, addGiouCosts, addL1Costs, costMatrix } from './costs.ts';
export type { QueryMatch } from './match-queries.ts';
export { matchQueries } from './match-queries.ts';
export { softmaxRows } from './softmax-rows.ts';
export type { PointSampling } from './uncertain-points.ts';
export { pointCounts, uncertainPoints, uniformPoints } from './uncertain-points.ts';
