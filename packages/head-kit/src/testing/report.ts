import { supportedSpecifications } from '../define/check-specification.ts';
import type { AnyHead, HeadFactory } from '../spec/head.ts';
import type { HeadCheckOptions, HeadFixture } from './fixture.ts';
import { type HeadCheck, type HeadChecks, headChecks } from './head-checks.ts';

/** Which version of the Head interface these checks are for. */
export const checkedSpecification: string = supportedSpecifications.at(-1)!;

export interface ConformanceReport {
  readonly head: string;
  readonly passed: readonly string[];
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
  readonly expectedFailures: readonly { readonly id: string; readonly reason: string }[];
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
  readonly notRun: readonly string[];
  /** True when every check ran and none failed. */
  readonly conforms: boolean;
  /** For a README: `GLID head v1: conforms (24 passed, 2 skipped)`; null unless the head conforms. */
  readonly badge: string | null;
  /** The whole report, a line a check that did not simply pass. */
  readonly text: string;
}

/** What the checks found so far, with every skip and its reason. Call it when they have run. */
export function conformanceReport(checks: HeadChecks): ConformanceReport {
  const of = (status: HeadCheck['outcome']['status']): HeadCheck[] => checks.filter((c) => c.outcome.status === status);
  const reasons = (list: readonly HeadCheck[]): { id: string; reason: string }[] =>
    list.map(({ id, outcome }) => ({ id, reason: outcome.reason ?? '' }));
  const passed = of('passed').map((c) => c.id);
  const failed = reasons(of('failed'));
  const expectedFailures = reasons(of('failed as expected'));
  const skipped = [
    ...reasons(of('skipped')),
    ...checks.flatMap(({ id, outcome }) => outcome.skippedParts.map((reason) => ({ id, reason }))),
  ];
  const notRun = of('not run').map((c) => c.id);
  const conforms = failed.length === 0 && notRun.length === 0;
  const counts = [
    `${passed.length} passed`,
    ...(failed.length ? [`${failed.length} failed`] : []),
    ...(expectedFailures.length ? [`${expectedFailures.length} expected failures`] : []),
    ...(of('skipped').length ? [`${of('skipped').length} skipped`] : []),
    ...(notRun.length ? [`${notRun.length} not run`] : []),
  ].join(', ');
  const badge = conforms ? `GLID head ${checkedSpecification}: conforms (${counts})` : null;
  const lines = [
    badge
      ? `${checks.head}: ${badge}`
      : `${checks.head}: GLID head ${checkedSpecification}: does not conform (${counts})`,
    ...failed.map(({ id, reason }) => `  failed   ${id}: ${reason}`),
    ...expectedFailures.map(({ id, reason }) => `  expected ${id}: ${reason}`),
    ...skipped.map(({ id, reason }) => `  skipped  ${id}: ${reason}`),
    ...notRun.map((id) => `  not run  ${id}`),
  ];
  return {
    head: checks.head,
    passed,
    failed,
    expectedFailures,
    skipped,
    notRun,
    conforms,
    badge,
    text: lines.join('\n'),
  };
}

/** Runs every check, one after the other, and reports; rejects never because of the head. For scripts and CLIs. */
export async function checkHead<Config extends object, H extends AnyHead, Input>(
  factory: HeadFactory<Config, H, Input>,
  fixture: HeadFixture<Input, H>,
  options: HeadCheckOptions = {},
): Promise<ConformanceReport> {
  const checks = headChecks(factory, fixture, options);
  for (const check of checks) await check.run().catch(() => undefined);
  return conformanceReport(checks);
}
