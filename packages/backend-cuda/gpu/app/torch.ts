import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { absent, type Row, type StepResult } from './step.ts';
import type { Size } from './workload.ts';

/** The same work in PyTorch, where this machine has it: eager, compiled, and compiled with CUDA graphs. */
export function benchmarkTorch({ benchmark }: Size, folder: string): StepResult {
  const found = spawnSync('python3', ['-c', 'import torch; print(torch.cuda.is_available())'], { encoding: 'utf8' });
  if (found.error || found.status !== 0) return absent('PyTorch: no python3 with torch');
  if (found.stdout.trim() !== 'True') return absent('PyTorch: it sees no CUDA device');
  const { side, batch, trainingBatch, queries, runs } = benchmark;
  const settings = JSON.stringify({ side, batch, trainingBatch, queries, runs });
  const run = spawnSync('python3', [join(folder, 'glid_torch.py'), settings], { encoding: 'utf8', timeout: 1_200_000 });
  const rows = (run.stdout ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Row);
  if (run.status === 0) return { status: 'ok', note: 'PyTorch', rows };
  return { status: 'failed', note: `PyTorch: ${(run.stderr ?? '').trim().split('\n').at(-1)}`, rows };
}
