export { crowdCounting } from './head.ts';
export type { CrowdResult } from './results.ts';
