import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { openCuda } from './open.ts';
import type { StepResult } from './step.ts';

/** GPU, driver and compiler in one line; fails where the backend does not start, and says why. */
export async function machine(): Promise<StepResult> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const smi = spawnSync('nvidia-smi', query, { encoding: 'utf8' });
  const seen = smi.status === 0 ? smi.stdout.trim().split('\n')[0] : 'no nvidia-smi';
  const backend = await openCuda('tf32');
  const { description } = backend;
  await backend.dispose();
  return { status: 'ok', note: `${description}; ${seen}; ${cpus()[0]?.model}, Node ${process.version}` };
}
