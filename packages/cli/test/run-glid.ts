import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../src/main.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed. */
  readonly json: unknown;
}

/** One command line, in this process. */
export async function runGlid(args: readonly string[], signal = new AbortController().signal): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const streams = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const code = await main(args, streams, signal);
  return { code, stdout, stderr, json: args.includes('--json') ? JSON.parse(stdout) : undefined };
}

export const glid = (...args: string[]): Promise<Outcome> => runGlid(args);

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'glid-cli-'));
