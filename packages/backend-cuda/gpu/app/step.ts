/** One line of the final table. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** What a step has to say. A step that throws has failed. */
export interface StepResult {
  /** `absent`: what it needs is not on this machine, which is no fault. */
  readonly status: 'ok' | 'failed' | 'absent';
  /** One line: what was checked, what went wrong, what is absent. */
  readonly note: string;
  readonly rows?: readonly Row[];
}

export const absent = (note: string): StepResult => ({ status: 'absent', note });

export const verdict = (failures: readonly string[], note: string, rows: readonly Row[] = []): StepResult =>
  failures.length === 0
    ? { status: 'ok', note, rows }
    : { status: 'failed', note: `${failures.length} of ${note}; first: ${failures[0]}`, rows };

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
