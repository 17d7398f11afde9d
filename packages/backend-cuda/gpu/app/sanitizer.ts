import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { absent, type StepResult, verdict } from './step.ts';

const places = ['compute-sanitizer', '/usr/local/cuda/bin/compute-sanitizer'];

/** NVIDIA's checkers over all operations: overruns, unwritten memory, races in shared memory, wrong barriers. */
export function sanitizer(app: string): StepResult {
  const tool = places.find((place) =>
    place.startsWith('/') ? existsSync(place) : spawnSync(place, ['--version']).error === undefined,
  );
  if (tool === undefined) return absent('compute-sanitizer is not installed');
  const failures: string[] = [];
  const tools = ['memcheck', 'initcheck', 'racecheck', 'synccheck'];
  for (const name of tools) {
    const flags = ['--tool', name, '--error-exitcode', '9', '--print-limit', '20', process.execPath, app, 'operations'];
    const { status, stdout } = spawnSync(tool, flags, { encoding: 'utf8', timeout: 1_800_000 });
    const said = (stdout ?? '').split('\n').find((line) => /Error|Invalid|hazard|Uninitialized/.test(line));
    if (status !== 0) failures.push(`${name} (exit code ${status}): ${said ?? 'no message'}`);
  }
  return verdict(failures, `${tools.length} checks by compute-sanitizer: ${tools.join(', ')}`);
}
