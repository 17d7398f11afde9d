import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../gpu/app/report.ts';
import { openSimulator, withoutCompiler } from './simulator.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const withoutTools = ['strip', 'xz', 'tar'].some((tool) => {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(withoutCompiler || withoutTools)(
  'the archive for a GPU machine, small (needs g++, binutils, xz)',
  () => {
    let folder: string;
    let simulator: string;

    /** Runs the unpacked archive with nothing in the environment but `env` (the simulator's compiler wants a PATH), in a folder of its own. */
    async function runIn(
      name: string,
      env: Record<string, string>,
      steps: readonly string[] = [],
    ): Promise<{ code: number; out: string; err: string; report: Report | undefined }> {
      const cwd = join(folder, name);
      await mkdir(cwd, { recursive: true });
      const command = [join(folder, 'pack/run.sh'), ...steps];
      const done = await run('/bin/sh', command, { cwd, env, maxBuffer: 2 ** 26 }).then(
        ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          out: error.stdout,
          err: error.stderr,
        }),
      );
      const text = await readFile(join(cwd, 'results/results.json'), 'utf8').catch(() => undefined);
      return { ...done, report: text === undefined ? undefined : (JSON.parse(text) as Report) };
    }
    const statuses = (report: Report | undefined): Record<string, string> =>
      Object.fromEntries(report!.steps.map(({ step, status }) => [step, status]));

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'glid-gpu-test-'));
      simulator = (await openSimulator()).path;
      const archive = join(folder, 'pack.tar.xz');
      const pack = ['--import', 'tsx', '--conditions=@glid/source', 'packages/backend-cuda/gpu/pack.ts'];
      await run(process.execPath, [...pack, '--size', 'small', '--out', archive], { cwd: root });
      expect((await stat(archive)).size).toBeLessThan(60 * 2 ** 20);
      await mkdir(join(folder, 'pack'));
      await run('tar', ['-C', join(folder, 'pack'), '-xf', archive]);
    }, 1_800_000);
    afterAll(() => rm(folder, { recursive: true }));

    it('runs from end to end without Node, network and environment', async () => {
      const { code, out, report } = await runIn('whole', { GLID_CUDA_LIBS: simulator, PATH: '/usr/bin:/bin' });
      const told = Object.fromEntries(report!.steps.map(({ step, status, note }) => [step, { status, note }]));
      const ok = (note: RegExp) => ({ status: 'ok', note: expect.stringMatching(note) });
      const absent = { status: 'absent', note: expect.any(String) };
      expect(told).toEqual({
        machine: ok(/starts/),
        'parity-float32': ok(/operations and \d+ tensors/),
        'parity-tf32': ok(/operations/),
        'parity-bf16': ok(/operations/),
        'parity-torch': absent,
        conformance: ok(/specs/),
        'sanitizer-memcheck': absent,
        'sanitizer-initcheck': absent,
        'sanitizer-racecheck': absent,
        'sanitizer-synccheck': absent,
        soak: ok(/12 training steps/),
        'benchmark-tf32': ok(/cudasim/),
        'benchmark-bf16': ok(/cudasim/),
        'benchmark-webgpu': absent,
        'benchmark-torch': absent,
      });
      expect(code).toBe(0);
      const rows = report!.steps.flatMap(({ rows: own = [] }) => own);
      for (const { what, value } of rows) expect(Number.isFinite(value), what).toBe(true);
      for (const { what } of rows) expect(out).toContain(`\n${what}\n`);
      expect(rows.map(({ who, what }) => `${who}: ${what}`)).toEqual(
        expect.arrayContaining([
          'cuda tf32: prediction, batch 1',
          'cuda tf32 graph: prediction, batch 1',
          'cuda tf32: training step, batch 2',
        ]),
      );
      expect(Date.now() - Date.parse(report!.date)).toBeLessThan(3_600_000);
      expect(report!.machine).toMatchObject({ gpu: 'cudasim (CPU)', driver: null, node: process.version });
      expect(report!.machine!.backend).toMatch(/driver for CUDA 13/);
    }, 1_800_000);

    it('does one stage, within its time, and keeps what was done before', async () => {
      const env = { GLID_CUDA_LIBS: simulator, PATH: '/usr/bin:/bin' };
      const first = await runIn('stages', env, ['soak']);
      expect(first.code).toBe(0);
      expect(statuses(first.report)).toEqual({ machine: 'ok', soak: 'ok' });
      const hurried = await runIn('stages', { ...env, GLID_GPU_MINUTES: '0.001' }, ['parity']);
      expect(hurried.code).toBe(1);
      expect(statuses(hurried.report)).toMatchObject({ machine: 'ok', 'parity-tf32': 'skipped', soak: 'ok' });
      expect(hurried.report!.steps.find(({ step }) => step === 'parity-tf32')!.note).toBe('no time was left');
      expect(hurried.report!.machine).toEqual(first.report!.machine);
      const unknown = await runIn('stages', env, ['benchmarks']);
      expect(unknown).toMatchObject({
        code: 2,
        err: expect.stringContaining("There is no step 'benchmarks'. Stages:"),
      });
    }, 600_000);

    it('stops what takes too long, with all that it has started, and says so', async () => {
      // A Python that says it has torch, prints one row, and never ends.
      const bin = join(folder, 'slow');
      await mkdir(bin);
      const row = { who: 'torch', what: 'a row', value: 1, unit: 'ms' };
      const script = `#!/bin/sh\ncase "$1" in -c) echo True;; *) echo '${JSON.stringify(row)}'; echo $$ > '${bin}/pid'; exec sleep 600;; esac\n`;
      await writeFile(join(bin, 'python3'), script, { mode: 0o755 });
      const env = { GLID_CUDA_LIBS: simulator, PATH: `${bin}:/usr/bin:/bin`, GLID_GPU_MINUTES: '0.5' };
      const { code, report } = await runIn('late', env, ['benchmark-torch']);
      expect(code).toBe(1);
      const { status, note, rows } = report!.steps.find(({ step }) => step === 'benchmark-torch')!;
      expect({ status, note, rows }).toEqual({
        ...{ status: 'stopped', note: expect.stringMatching(/^after \d+ s; begun$/) },
        rows: [row],
      });
      const pid = Number(await readFile(join(bin, 'pid'), 'utf8'));
      await expect.poll(() => runs(pid), { timeout: 10_000 }).toBe(false);
      // Once it is finished, being stopped takes nothing away.
      await writeFile(join(bin, 'python3'), script.replace('exec sleep 600', 'exit 0'), { mode: 0o755 });
      const { GLID_GPU_MINUTES: _, ...inTime } = env;
      expect(statuses((await runIn('late', inTime, ['benchmark-torch'])).report)['benchmark-torch']).toBe('ok');
      await writeFile(join(bin, 'python3'), script, { mode: 0o755 });
      const again = await runIn('late', { ...env, GLID_GPU_MINUTES: '0.2' }, ['benchmark-torch']);
      expect(again.code).toBe(1);
      expect(statuses(again.report)['benchmark-torch']).toBe('ok');
    }, 600_000);

    it("hands on what NVIDIA's checkers say, also when they are stopped", async () => {
      const bin = join(folder, 'checkers');
      await mkdir(bin);
      const script = (end: string) => `#!/bin/sh
[ "$1" = --version ] && exit 0
echo 'glid operations: 20 of 40 operations'
echo '========= Invalid __global__ write of size 4 bytes'
echo '========= ERROR SUMMARY: 1 error'
${end}
`;
      const env = { GLID_CUDA_LIBS: simulator, PATH: `${bin}:/usr/bin:/bin`, GLID_GPU_MINUTES: '0.4' };
      const told = async (end: string) => {
        await writeFile(join(bin, 'compute-sanitizer'), script(end), { mode: 0o755 });
        const { report } = await runIn('checked', env, ['sanitizer-memcheck']);
        return report!.steps.find(({ step }) => step === 'sanitizer-memcheck');
      };
      expect(await told('exit 9')).toMatchObject({
        status: 'failed',
        failures: ['========= Invalid __global__ write of size 4 bytes'],
      });
      expect(await told('exec sleep 600')).toMatchObject({
        status: 'stopped',
        note: expect.stringMatching(
          /^after \d+ s; 20 of 40 operations under memcheck, 1 complaints; first: =* Invalid/,
        ),
      });
    }, 600_000);

    it('says what is missing, begins nothing that needs it, and ends with 1', async () => {
      const { code, report } = await runIn('nothing', { GLID_CUDA_LIBS: '/nowhere' });
      expect(code).toBe(1);
      expect(report!.steps).toHaveLength(15);
      expect(report!.machine).toBeNull();
      expect(report!.steps[0]).toMatchObject({
        ...{ status: 'failed', note: expect.stringMatching(/was not found. Tried:/) },
      });
      expect(statuses(report)).toMatchObject({
        ...{ 'parity-float32': 'skipped', soak: 'skipped', 'benchmark-torch': 'absent' },
      });
    }, 600_000);
  },
);
