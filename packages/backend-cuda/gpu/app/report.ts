import type { StepResult } from './step.ts';

export interface StepReport extends StepResult {
  readonly step: string;
  readonly seconds: number;
}

/** What `results.json` holds. */
export interface Report {
  readonly date: string;
  readonly size: string;
  /** GPU, driver, compiler, processor; or why the backend does not start. */
  readonly machine: string;
  readonly steps: readonly StepReport[];
}

const words = { ok: 'ok', failed: 'FAILED', absent: 'absent' } as const;
const digits = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));

export function printReport({ date, size, machine, steps }: Report): void {
  console.log(`\n${date}, size ${size}\n${machine}\n`);
  for (const { step, status, seconds, note } of steps) {
    console.log(`${step.padEnd(18)} ${words[status].padEnd(7)} ${seconds.toFixed(1).padStart(7)} s  ${note}`);
  }
  console.log('');
  const rows = steps.flatMap(({ rows: own = [] }) => own);
  const width = Math.max(0, ...rows.map(({ what }) => what.length));
  for (const { what, value, unit } of rows) console.log(`${what.padEnd(width)}  ${digits(value).padStart(10)} ${unit}`);
}
