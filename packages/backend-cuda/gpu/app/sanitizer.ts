import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { progressWord } from './operations.ts';
import { absent, type StepResult, verdict } from './step.ts';
import type { Setting } from './steps.ts';

const places = ['compute-sanitizer', '/usr/local/cuda/bin/compute-sanitizer'];
const mostComplaints = 20;

const isComplaint = (line: string): boolean =>
  /Error|Invalid|hazard|Uninitialized|Barrier/.test(line) && !line.includes('SUMMARY');

/**
 * One of NVIDIA's checkers over all operations: overruns (memcheck), unwritten memory (initcheck), races in shared memory (racecheck), wrong
 * barriers (synccheck).
 */
export async function sanitizer(
  { folder, progress }: Setting,
  tool: 'memcheck' | 'initcheck' | 'racecheck' | 'synccheck',
): Promise<StepResult> {
  const checker = places.find((place) =>
    place.startsWith('/') ? existsSync(place) : spawnSync(place, ['--version']).error === undefined,
  );
  if (checker === undefined) return absent('compute-sanitizer is not installed');
  const what = [process.execPath, join(folder, 'app.mjs'), '--step', 'operations'];
  const flags = ['--tool', tool, '--error-exitcode', '9', '--print-limit', `${mostComplaints}`, ...what];
  const child = spawn(checker, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<string | 0>((resolve) => {
    child.once('close', (code, signal) => resolve(code === 0 ? 0 : (signal ?? `exit code ${code}`)));
  });
  const complaints: string[] = [];
  let done = 'begun';
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith(progressWord)) done = line.slice(progressWord.length);
    else if (isComplaint(line) && complaints.length < mostComplaints) complaints.push(line);
    else continue;
    progress.note(
      [`${done} under ${tool}, ${complaints.length} complaints`, ...complaints.slice(0, 1)].join('; first: '),
    );
  }
  const ending = await ended;
  const failures = complaints.length > 0 ? complaints : [`it ended with ${ending}`];
  return verdict(ending === 0 ? [] : failures, `all operations under ${tool}`);
}
