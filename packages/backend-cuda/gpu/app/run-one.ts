import { join } from 'node:path';
import type { Row, StepResult } from './step.ts';
import { parts, type Setting, steps } from './steps.ts';
import { sizes } from './workload.ts';
import { writeJson } from './write-json.ts';

/** Does one step in this process, keeps `<out>/<step>.json` up to date, and ends the process: with 1 when the step has failed. */
export async function runOne(
  name: string,
  { folder, out, size }: Pick<Setting, 'folder' | 'out'> & { readonly size: keyof typeof sizes },
): Promise<never> {
  const rows: Row[] = [];
  let note = 'begun';
  const write = (result: StepResult): void => writeJson(join(out, `${name}.json`), { ...result, rows });
  const progress: Setting['progress'] = {
    row(row) {
      rows.push(row);
      write({ status: 'stopped', note });
    },
    note(text) {
      note = text;
      write({ status: 'stopped', note });
    },
  };
  let result: StepResult;
  try {
    result = await (steps[name] ?? parts[name]!).run({ size: sizes[size], folder, out, progress });
  } catch (error) {
    result = { status: 'failed', note: (error as Error).message };
  }
  write(result);
  process.exit(result.status === 'failed' ? 1 : 0);
}
