import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConformanceReport } from '../../test/conformance/environment.ts';
import { type StepResult, verdict } from './step.ts';
import type { Setting } from './steps.ts';

/** TensorFlow.js's own specs; the failures must be those that are known. `only` limits them in small runs. */
export function conformance({ size, folder, out, progress }: Setting): StepResult {
  const report = join(out, 'conformance-report.json');
  const only = size.name === 'small' ? '^(matMul|relu|softmax)' : undefined;
  const settings = { backend: 'cuda', cuda: { precision: 'float32' }, only, report };
  execFileSync(process.execPath, [join(folder, 'specs.cjs')], {
    env: { ...process.env, GLID_CONFORMANCE: JSON.stringify(settings) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { passed, failed } = JSON.parse(readFileSync(report, 'utf8')) as ConformanceReport;
  const known = new Set(
    Object.values(
      JSON.parse(readFileSync(join(folder, 'known-failures.json'), 'utf8')) as Record<string, string[]>,
    ).flat(),
  );
  const failures = Object.keys(failed);
  const surprising = failures.filter((name) => !known.has(name)).map((name) => `${name}: ${failed[name]}`);
  const total = passed + failures.length;
  const value = (100 * passed) / total;
  progress.row({ who: 'cuda float32', what: "TensorFlow.js's specs that pass", value, unit: '%' });
  return verdict(surprising, `${total} specs, ${failures.length - surprising.length} known failures`);
}
