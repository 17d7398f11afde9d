import { GlidError } from '@glid/base';
import type { AnyHead, HeadFactory } from '../spec/head.ts';
import { type CheckDefinition, type CheckSubject, ConformanceError } from './check.ts';
import { checkDefinitions } from './checks/index.ts';
import type { HeadCheckOptions, HeadFixture } from './fixture.ts';
import { scoped } from './scene.ts';

export type CheckStatus = 'not run' | 'passed' | 'failed' | 'skipped' | 'failed as expected';

/** One named check, ready for any test runner: `it(check.name, check.run)`. */
export interface HeadCheck {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  /** Rejects when the head does not conform (or when an expected failure has started to pass). */
  readonly run: () => Promise<void>;
  /** What happened so far; read by `conformanceReport`. */
  readonly outcome: { status: CheckStatus; reason: string | null; readonly skippedParts: string[] };
}

/** The checks of one head, and whose they are. */
export interface HeadChecks extends ReadonlyArray<HeadCheck> {
  readonly head: string;
}

/**
 * The conformance checks of a head, for any runner:
 *
 * ```ts
 * for (const check of headChecks(factory, fixture)) it(check.name, check.run);
 * ```
 *
 * A backend must be active (`import '@tensorflow/tfjs-backend-cpu'` is enough).
 *
 * @throws GlidError `GLID_USAGE` for an expected failure that names no check or gives no reason
 */
export function headChecks<Config extends object, H extends AnyHead, Input>(
  factory: HeadFactory<Config, H, Input>,
  fixture: HeadFixture<Input, H>,
  options: HeadCheckOptions = {},
): HeadChecks {
  const expected = options.expectedFailures ?? {};
  refuseUnknown(expected);
  const checks = checkDefinitions.map((definition) => {
    const outcome: HeadCheck['outcome'] = { status: 'not run', reason: null, skippedParts: [] };
    const subject: CheckSubject = {
      factory,
      fixture: fixture as unknown as HeadFixture,
      options,
      skipPart: (reason) => {
        if (!outcome.skippedParts.includes(reason)) outcome.skippedParts.push(reason);
      },
    };
    return {
      number: definition.number,
      id: definition.id,
      name: `${definition.number} ${definition.id}: ${definition.title}`,
      outcome,
      run: () => perform(definition, subject, outcome, expected[definition.id]),
    };
  });
  return Object.assign(checks, { head: factory.id });
}

async function perform(
  definition: CheckDefinition,
  subject: CheckSubject,
  outcome: HeadCheck['outcome'],
  expectedReason: string | undefined,
): Promise<void> {
  const settle = (status: CheckStatus, reason: string | null = null): void => {
    outcome.status = status;
    outcome.reason = reason;
  };
  const mustGo = (why: string): never => {
    settle('failed', why);
    throw new ConformanceError(`${definition.id} ${why} (${expectedReason}). Remove it from expectedFailures.`);
  };
  let failure: unknown = null;
  let skip: string | null = null;
  try {
    skip = definition.notFor?.(subject) ?? null;
    if (skip === null) await scoped(() => definition.run(subject));
  } catch (error) {
    failure = error ?? new ConformanceError('The check was rejected without an error.');
  }
  if (skip !== null) {
    return expectedReason === undefined ? settle('skipped', skip) : mustGo(`does not concern this head (${skip})`);
  }
  if (expectedReason !== undefined) {
    if (failure !== null) return settle('failed as expected', expectedReason);
    mustGo('passes now, though it was expected to fail');
  }
  if (failure === null) return settle('passed');
  settle('failed', failure instanceof Error ? failure.message : String(failure));
  throw failure;
}

function refuseUnknown(expected: { readonly [check: string]: string }): void {
  for (const [id, reason] of Object.entries(expected)) {
    if (!checkDefinitions.some((definition) => definition.id === id)) {
      throw new GlidError('GLID_USAGE', `There is no conformance check "${id}".`, {
        fix: `Use one of: ${checkDefinitions.map((definition) => definition.id).join(', ')}.`,
      });
    }
    if (reason.trim() === '') {
      throw new GlidError('GLID_USAGE', `The expected failure of ${id} has no reason.`, {
        fix: 'Say why the check cannot pass, and where that is tracked.',
      });
    }
  }
}
