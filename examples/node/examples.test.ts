import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'glid-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasMpi = ((): boolean => {
  try {
    execFileSync('mpirun', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

/** Runs an example as its first comment says, in an empty folder, and returns what it printed. */
async function run(name: string, args: readonly string[] = [], launcher: readonly string[] = []): Promise<string> {
  const program = [process.execPath, '--import', import.meta.resolve('tsx'), '--conditions=@glid/source'];
  const [command, ...rest] = [...launcher, ...program, join(here, name), ...args];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', NO_COLOR: '1' };
  const child = spawn(command!, rest, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const { code, output } = await ended(child);
  expect(code, `${name}:\n${output}`).toBe(0);
  return output;
}

function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout!.on('data', (data) => (output += data));
  child.stderr!.on('data', (data) => (output += data));
  // A program that hangs is ended and shown.
  const deadline = setTimeout(() => child.kill('SIGKILL'), 290_000);
  return new Promise((done) =>
    child.on('close', (code) => {
      clearTimeout(deadline);
      done({ code, output });
    }),
  );
}

const written = (name: string): boolean => existsSync(join(folder, 'runs/examples', name));

describe('examples', { timeout: 300_000 }, () => {
  it('pretrain: the loss beside what trivial answers score; weights for the next example', async () => {
    const output = await run('pretrain.ts', ['4']);
    expect(output).toMatch(/step 4: loss \d/);
    expect(output).toMatch(/held-out scenes: \{[^}]*loss/);
    expect(written('pretrained.json')).toBe(true);
  });

  it('partial-loading: more and more of the pre-trained parts; classes by name', async () => {
    const output = await run('partial-loading.ts', ['runs/examples/pretrained.json']);
    const loaded = [...output.matchAll(/: (\d+) parameters loaded/g)].map(([, count]) => Number(count));
    expect(loaded).toHaveLength(4);
    expect(loaded[0]).toBeLessThan(loaded[1]!);
    expect(loaded[1]).toBeLessThan(loaded[2]!);
    expect(output).toMatch(/labels of 'things': kept crate, ball; new star/);
  });

  it('finetune-segmentation, then predict with its checkpoint', async () => {
    expect(await run('finetune-segmentation.ts', ['4'])).toMatch(/step 4: mIoU 0\.\d+, \d+ % of the pixels right/);
    const output = await run('predict.ts');
    expect(output).toMatch(/scene, 128 x 96, in \d+ ms: \w+/);
    expect(readFileSync(join(folder, 'runs/examples/found/scene.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  it.each([
    ['detection', /step 4: AP50 \d/, /found: (ball|crate|star) \(0\.\d+\) at/],
    ['depth', /step 4: off by \d+ % in the mean/, /middle of the picture: \d+\.\d m, really/],
    ['pose', /step 4: AP \d/, /nose +at \(-?\d+, -?\d+\)/],
  ])('finetune-%s', async (name, metrics, found) => {
    const output = await run(`finetune-${name}.ts`, ['4']);
    expect(output).toMatch(metrics);
    expect(output).toMatch(found);
    expect(written(`${name}.json`)).toBe(true);
  });

  it('several-heads: one pass costs less than three', async () => {
    const output = await run('several-heads.ts');
    expect(output).toContain('25 boxes, 16384 class numbers, 16384 depths');
    const [, apart, together] = /one by one (\d+) ms, together (\d+) ms/.exec(output)!;
    expect(Number(together)).toBeLessThan(Number(apart));
  });

  it('third-party-head: trains and answers', async () => {
    expect(await run('third-party-head.ts', ['4'])).toMatch(/counted -?\d+\.\d things; there are \d+/);
  });

  it('resume: the same bits', async () => {
    const output = await run('resume.ts', ['4']);
    expect(output).toMatch(/stopped after step 2/);
    expect(output).toMatch(/goes on from step-0+2/);
    const [, whole, halves] = /([0-9a-f]{16}) undisturbed\n([0-9a-f]{16}) stopped and resumed/.exec(output)!;
    expect(halves).toBe(whole);
  });

  it.skipIf(!hasMpi)(
    `data-parallel: both ranks end with the same weights${hasMpi ? '' : ' (needs mpirun of Open MPI, which is absent)'}`,
    // Seldom, on a busy machine, an MPI job does not end.
    { retry: 1, timeout: 300_000 },
    async () => {
      const output = await run('data-parallel.ts', ['2'], ['mpirun', '--oversubscribe', '-n', '2']);
      const weights = [...output.matchAll(/rank (\d) of 2: weights ([0-9a-f]{16})/g)];
      expect(weights.map(([, rank]) => rank).sort()).toEqual(['0', '1']);
      expect(weights[0]![2]).toBe(weights[1]![2]);
    },
  );

  it('every example is run here, and imports only what packages publish', () => {
    const self = readFileSync(import.meta.filename, 'utf8');
    for (const name of readdirSync(here).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
      expect(self, `${name} has no test`).toContain(name.replace(/^finetune-(detection|depth|pose)\.ts$/, "'$1'"));
      const imports = [...readFileSync(join(here, name), 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from!);
      for (const from of imports) {
        expect(from, name).toMatch(/^(node:[\w/]+|@tensorflow\/tfjs-core|@glid\/[\w-]+(\/train|\/testing)?)$/);
      }
    }
  });
});
