import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectClose } from '@glid/test-utils';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

/** Bundled once: compiling TypeScript in every rank took longer than the job, and on a busy machine longer than its deadline. */
const program = fileURLToPath(new URL('../../../.cache/mpi-rank.mjs', import.meta.url));
const node = [process.execPath, program];

const hasMpi = ((): boolean => {
  try {
    execFileSync('mpirun', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

interface Line {
  readonly rank: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event?: string;
  readonly step?: number;
  readonly loss: number;
  readonly norm: number;
  readonly pictures: number;
  readonly weights?: number[];
  readonly sum?: number[];
  readonly sent?: number[];
}

interface Job {
  readonly code: number | null;
  readonly lines: readonly Line[];
  readonly output: string;
  /** From the last step of rank 1 to the end of the job; infinite where rank 1 made none. */
  readonly secondsAfter: number;
}

/** Runs a job of `ranks` processes (0: without mpirun) and collects what all ranks wrote: each into a file of its own, as mpirun mixes long lines of two ranks. */
function run(ranks: number, mode: string): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), 'glid-mpi-'));
  const [command, ...rest] = ranks === 0 ? node : ['mpirun', '--oversubscribe', '-n', String(ranks), ...node];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', NO_COLOR: '1' };
  const child = spawn(command!, [...rest, mode, folder], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((done, fail) => {
    // A job that hangs is ended and shown, so that the output says how far each rank came.
    const deadline = setTimeout(() => child.kill('SIGKILL'), 100_000);
    child.on('error', fail);
    child.on('close', (code) => {
      clearTimeout(deadline);
      try {
        const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
        output += files.map((text) => text.slice(0, 10_000)).join('\n');
        const lines = files.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as Line);
        const last =
          lines.findLast((line) => line.rank === 1 && line.step !== undefined)?.at ?? Number.NEGATIVE_INFINITY;
        done({ code, lines, output, secondsAfter: (Date.now() - last) / 1000 });
      } catch (error) {
        fail(error);
      }
      rmSync(folder, { recursive: true, force: true });
    });
  });
}

const title = hasMpi ? 'mpi' : 'mpi (needs mpirun of Open MPI, which is absent)';
describe.skipIf(!hasMpi)(title, { timeout: 240_000 }, () => {
  beforeAll(async () => {
    await build({
      entryPoints: [fileURLToPath(new URL('./rank.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@glid/source'],
      external: ['koffi', '@tensorflow/*'],
    });
  });

  it('sums, broadcasts and waits between processes', async () => {
    const { code, lines, output } = await run(2, 'calls');
    expect(code, output).toBe(0);
    for (const line of lines) expect(line).toMatchObject({ sum: [1, 3, 100_000], sent: [6, 7] });
    expect(lines.map((line) => line.rank).sort()).toEqual([0, 1]);
  });

  it('two ranks make the steps of one process with the doubled batch, and hold the same bits', async () => {
    const one = await run(0, 'train');
    const two = await run(2, 'train');
    expect(one.code, one.output).toBe(0);
    expect(two.code, two.output).toBe(0);
    const steps = (job: Job, rank: number): Line[] =>
      job.lines.filter((line) => line.step !== undefined && line.rank === rank);
    expect(steps(one, 0)).toHaveLength(12);
    for (const rank of [0, 1]) {
      expectClose(
        steps(two, rank).map((s) => s.loss),
        steps(one, 0).map((s) => s.loss),
        2e-6,
        'losses',
      );
      expectClose(
        steps(two, rank).map((s) => s.norm),
        steps(one, 0).map((s) => s.norm),
        2e-5,
        'norms',
      );
      expect(steps(two, rank).map((s) => s.pictures)).toEqual(steps(one, 0).map((s) => s.pictures));
    }
    const [a, b] = two.lines.filter((line) => line.weights).map((line) => line.weights!);
    expect(a).toEqual(b);
    expectClose(a!, one.lines.find((line) => line.weights)!.weights!, 2e-4, 'weights');
    const evaluated = two.lines.filter((line) => line.event === 'evaluation');
    expect(evaluated.map((line) => line.rank)).toEqual([0, 0, 0]);
  });

  it('all ranks stop together when the signal of one fires', async () => {
    const { code, lines, output } = await run(2, 'stop');
    expect(code, output).toBe(0);
    for (const rank of [0, 1]) {
      const own = lines.filter((line) => line.rank === rank && line.weights === undefined);
      expect(own.at(-1)!.event).toBe('aborted');
      expect(own.filter((line) => line.step !== undefined)).toHaveLength(4);
    }
  });

  it.each([
    ['throw', /rank 1 of 2 ended with code 1; the whole job is stopped/],
    ['kill', /signal 9 \(Killed\)/],
  ])('a rank that dies (%s) stops the others within seconds, with a message', async (mode, message) => {
    const { code, lines, output, secondsAfter } = await run(2, mode);
    expect(code).not.toBe(0);
    expect(output).toMatch(message);
    if (mode === 'throw') expect(output).toContain('planted failure');
    expect(lines.some((line) => line.weights)).toBe(false);
    expect(secondsAfter).toBeLessThan(10);
  });
});
