import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { openCuda } from './open.ts';
import type { StepResult } from './step.ts';

/** What the numbers were measured on. */
export interface Machine {
  readonly gpu: string;
  /** The driver's version and the GPU's memory as nvidia-smi tells them; null where there is none. */
  readonly driver: string | null;
  readonly memory: string | null;
  /** The backend's own line: architecture, CUDA of the driver, compiler. */
  readonly backend: string;
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
}

/** Starts the backend; fails where it does not start, and says why. */
export async function machine(): Promise<StepResult & { readonly machine: Machine }> {
  const backend = await openCuda('tf32');
  const { description } = backend;
  await backend.dispose();
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const smi = spawnSync('nvidia-smi', query, { encoding: 'utf8' });
  const seen = smi.status === 0 ? smi.stdout.trim().split('\n')[0]!.split(', ') : undefined;
  const found: Machine = {
    gpu: seen?.[0] ?? description.split(' (sm_')[0]!,
    driver: seen?.[1] ?? null,
    memory: seen?.[2] ?? null,
    backend: description,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
  };
  return { status: 'ok', note: 'the backend starts', machine: found };
}
