import { GlidError, sentence } from '@glid/base';

export interface UnreadablePolicy {
  /** `skip` counts and goes on; `stop` throws the first error. Default `skip`. */
  readonly onUnreadable?: 'skip' | 'stop';
  /** How many different records may be skipped; never all. Default 1 % of the data set, at least 10. */
  readonly maxSkipped?: number;
}

/** A record that could not be used. */
export interface SkippedRecord {
  readonly index: number;
  readonly error: GlidError;
}

const codes = ['GLID_DATA', 'GLID_IMAGE', 'GLID_IO'] as const;

/** Keeps account of records that cannot be read. */
export class UnreadableRecords {
  readonly #policy: UnreadablePolicy;
  readonly #limit: number;
  readonly #skipped = new Map<number, GlidError>();

  constructor(policy: UnreadablePolicy, length: number) {
    this.#policy = policy;
    this.#limit = Math.min(length - 1, policy.maxSkipped ?? Math.max(10, Math.ceil(length / 100)));
  }

  get skipped(): readonly SkippedRecord[] {
    return [...this.#skipped].map(([index, error]) => ({ index, error }));
  }

  has(index: number): boolean {
    return this.#skipped.has(index);
  }

  /** Notes a failure, or throws: what is no fault of the data, under `stop`, and beyond the limit. */
  note(index: number, error: unknown): void {
    if (!codes.some((code) => GlidError.isInstance(error, code)) || this.#policy.onUnreadable === 'stop') throw error;
    this.#skipped.set(index, error as GlidError);
    if (this.#skipped.size <= this.#limit) return;
    const first = [...this.#skipped.values()].slice(0, 3).map(({ message }) => message);
    throw new GlidError(
      'GLID_DATA',
      sentence(
        `More than ${this.#limit} record${this.#limit === 1 ? '' : 's'} cannot be read. The first: ${first.join(' | ')}`,
      ),
      {
        fix: 'Repair the data set (see checkDataset), or raise `maxSkipped`.',
        cause: error,
        details: { skipped: [...this.#skipped.keys()] },
      },
    );
  }
}
