import type { AnyHead, HeadFactory } from '../spec/head.ts';
import type { HeadCheckOptions, HeadFixture } from './fixture.ts';

/** What a check works with. */
export interface CheckSubject {
  // biome-ignore lint/suspicious/noExplicitAny: any head's factory
  readonly factory: HeadFactory<any, AnyHead, any>;
  readonly fixture: HeadFixture;
  readonly options: HeadCheckOptions;
  /** Notes a part that was left out, for the report. */
  skipPart(reason: string): void;
}

/** One of the 26 things that every head must do. */
export interface CheckDefinition {
  readonly number: number;
  /** Stable, for `expectedFailures`. */
  readonly id: string;
  readonly title: string;
  /** Why the check does not concern this head, or null. */
  notFor?(subject: CheckSubject): string | null;
  run(subject: CheckSubject): Promise<void>;
}

/** What a conformance check found wrong. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

export function must(ok: boolean, message: string): asserts ok {
  if (!ok) throw new ConformanceError(message);
}
