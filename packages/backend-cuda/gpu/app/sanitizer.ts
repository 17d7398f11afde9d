import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { absent, type StepResult, verdict } from './step.ts';
import type { Setting } from './steps.ts';

const places = ['compute-sanitizer', '/usr/local/cuda/bin/compute-sanitizer'];

/**
 * One of NVIDIA's checkers over all operations: overruns (memcheck), unwritten memory (initcheck), races in shared memory (racecheck), wrong
 * barriers (synccheck).
 */
export function sanitizer({ folder }: Setting, tool: 'memcheck' | 'initcheck' | 'racecheck' | 'synccheck'): StepResult {
  const checker = places.find((place) =>
    place.startsWith('/') ? existsSync(place) : spawnSync(place, ['--version']).error === undefined,
  );
  if (checker === undefined) return absent('compute-sanitizer is not installed');
  const what = [process.execPath, join(folder, 'app.mjs'), '--step', 'operations'];
  const flags = ['--tool', tool, '--error-exitcode', '9', '--print-limit', '20', ...what];
  const { status, signal, stdout } = spawnSync(checker, flags, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const said = (stdout ?? '').split('\n').filter((line) => /Error|Invalid|hazard|Uninitialized|Barrier/.test(line));
  const failures = said.length > 0 ? said.slice(0, 20) : [`it ended with ${signal ?? `exit code ${status}`}`];
  return verdict(status === 0 ? [] : failures, `all operations under ${tool}`);
}
