import '@glid/ops/gradients';

export { ConformanceError } from './check.ts';
export type { Capabilities, HeadCheckOptions, HeadFixture } from './fixture.ts';
export type { CheckStatus, HeadCheck, HeadChecks } from './head-checks.ts';
export { headChecks } from './head-checks.ts';
export type { Mutant } from './mutants.ts';
export { mutants } from './mutants.ts';
export type { ConformanceReport } from './report.ts';
export { checkedSpecification, checkHead, conformanceReport } from './report.ts';
