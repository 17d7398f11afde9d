import type { Machine } from './machine.ts';
import type { Pack } from './run-steps.ts';
import type { StepResult } from './step.ts';

export interface StepReport extends StepResult {
  readonly step: string;
  /** When it began. */
  readonly date: string;
  readonly seconds: number;
}

/** What `results.json` holds. */
export interface Report {
  /** When the last step ended. */
  readonly date: string;
  readonly pack: Pack;
  /** Null where the backend does not start: the step `machine` says why. */
  readonly machine: Machine | null;
  readonly steps: readonly StepReport[];
}

const words = { ok: 'ok', failed: 'FAILED', absent: 'absent', stopped: 'STOPPED', skipped: 'SKIPPED' } as const;

/** Errors are small, times and rates are not. */
function digits(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < 0.01) return value.toExponential(1);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function printReport({ date, pack, machine, steps }: Report): void {
  console.log(`\n${date}, archive of ${pack.date}, size ${pack.size}`);
  if (machine) {
    const { gpu, driver, memory, backend, processor, cores, node } = machine;
    console.log(
      `${gpu}${memory === null ? '' : `, ${memory}`}, ${driver === null ? 'no nvidia-smi' : `driver ${driver}`}`,
    );
    console.log(`${backend}\n${processor}, ${cores} cores, Node ${node}`);
  }
  console.log('');
  for (const { step, status, seconds, note } of steps) {
    console.log(
      `${step.padEnd(19)} ${words[status].padEnd(7)} ${seconds.toFixed(1).padStart(7)} s  ${note.trim().replaceAll('\n', '\n  ')}`,
    );
  }
  const rows = steps.flatMap(({ rows: own = [] }) => own);
  const width = Math.max(0, ...rows.map(({ who }) => who.length));
  for (const what of new Set(rows.map((row) => row.what))) {
    console.log(`\n${what}`);
    for (const { who, value, unit } of rows.filter((row) => row.what === what)) {
      console.log(`  ${who.padEnd(width)}  ${digits(value).padStart(9)} ${unit}`.trimEnd());
    }
  }
}
