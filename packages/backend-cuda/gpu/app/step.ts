/** A number of the final table, which puts side by side what is measured of several. */
export interface Row {
  /** Backend or framework, precision, mode. */
  readonly who: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** What a step has to say. A step that throws has failed. */
export interface StepResult {
  /**
   * `absent`: what it needs is not on this machine, which is no fault. `stopped`: its time was over. `skipped`: it was not begun, since no time
   * was left or the backend does not start.
   */
  readonly status: 'ok' | 'failed' | 'absent' | 'stopped' | 'skipped';
  /** One line: what was checked, what went wrong, what is absent. */
  readonly note: string;
  readonly rows?: readonly Row[];
  /** What went wrong, one by one. */
  readonly failures?: readonly string[];
}

/** What a step is given to say on its way: it is on disk at once, so that a step which is stopped leaves what it has measured. */
export interface Progress {
  row(row: Row): void;
  /** How far it is, in words. */
  note(text: string): void;
}

export const absent = (note: string): StepResult => ({ status: 'absent', note });

export const verdict = (failures: readonly string[], note: string): StepResult =>
  failures.length === 0
    ? { status: 'ok', note }
    : { status: 'failed', note: `${failures.length} failures in ${note}; first: ${failures[0]}`, failures };

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
