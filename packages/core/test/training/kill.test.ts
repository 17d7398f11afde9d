import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Random } from '@glid/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = new URL('./run-micro.ts', import.meta.url).pathname;
const wantedKills = { cpu: 6, wasm: 22 };
const steps = { cpu: 60, wasm: 100 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glid-kill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a life of the process printed, and whether it was killed. */
interface Life {
  readonly lines: readonly string[];
  readonly killed: boolean;
}

/** Runs the program until it ends, or until `trigger` says how many milliseconds later to kill it. */
async function live(
  name: string,
  backend: keyof typeof steps,
  trigger: (line: string) => number | undefined,
): Promise<Life> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@glid/source', program, join(folder, name), backend, String(steps[backend])],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const lines: string[] = [];
  const errors: string[] = [];
  child.stderr!.on('data', (data) => errors.push(String(data)));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    const delay = trigger(line);
    if (delay !== undefined) setTimeout(() => child.kill('SIGKILL'), delay);
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((done) => {
    child.on('close', (...end) => done(end));
  });
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`exit ${code}: ${errors.join('')}`);
  return { lines, killed: signal === 'SIGKILL' };
}

/** Half of the kills fall into a checkpoint write, the others after a random step. */
function randomTrigger(random: Random): (line: string) => number | undefined {
  const inWrite = random.boolean();
  let left = 1 + random.integer(inWrite ? 9 : 6);
  return (line) => {
    const counts = inWrite ? line === 'writing' : line.startsWith('step');
    return counts && --left === 0 ? random.uniform(0, 4) : undefined;
  };
}

describe.each(['cpu', 'wasm'] as const)('kill -9 on %s', (backend) => {
  it(`${wantedKills[backend]} times at random moments, then to the end: the same bits as an uninterrupted run`, async () => {
    const never = (): undefined => undefined;
    const whole = live(`${backend}-whole`, backend, never);
    whole.catch(() => undefined); // looked at below
    const random = new Random(backend === 'cpu' ? 11 : 12);
    let kills = 0;
    let halfWritten = 0;
    const losses = new Map<string, string>();
    for (; kills < wantedKills[backend]; kills++) {
      const life = await live(backend, backend, randomTrigger(random));
      expect(life.killed, 'the run ended before it was killed often enough').toBe(true);
      for (const line of life.lines) {
        const [, step, loss] = /^step (\d+) (.+)$/.exec(line) ?? [];
        if (!step) continue;
        // A step that was made twice, before and after a kill, gave the same number.
        expect(losses.get(step) ?? loss).toBe(loss);
        losses.set(step, loss!);
      }
      const left = await readdir(join(folder, backend)).catch(() => []);
      if (left.some((entry) => entry.startsWith('.'))) halfWritten++;
    }
    const last = await live(backend, backend, never);
    expect(last.lines.at(-1)).toMatch(/^done [0-9a-f]{64}$/);
    expect(last.lines.at(-1)).toBe((await whole).lines.at(-1));
    expect(halfWritten).toBeGreaterThanOrEqual(wantedKills[backend] / 6);
    expect(losses.size).toBeGreaterThan(wantedKills[backend]);
  }, 300_000);
});
