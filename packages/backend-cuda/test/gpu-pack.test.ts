import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
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

describe.skipIf(withoutCompiler || withoutTools)(
  'the archive for a GPU machine, small (needs g++, binutils, xz)',
  () => {
    let folder: string;
    let simulator: string;

    /** Runs the unpacked archive with nothing in the environment but `env` (the simulator's compiler wants a PATH), in a folder of its own. */
    async function runIn(
      name: string,
      env: Record<string, string>,
    ): Promise<{ code: number; out: string; report: Report }> {
      const cwd = join(folder, name);
      await mkdir(cwd);
      const done = await run('/bin/sh', [join(folder, 'pack/run.sh')], { cwd, env, maxBuffer: 2 ** 26 }).then(
        ({ stdout }) => ({ code: 0, out: stdout }),
        (error: { code: number; stdout: string }) => ({ code: error.code, out: error.stdout }),
      );
      return { ...done, report: JSON.parse(await readFile(join(cwd, 'results/results.json'), 'utf8')) as Report };
    }

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
      const told = Object.fromEntries(report.steps.map(({ step, status, note }) => [step, { status, note }]));
      const ok = (note: RegExp) => ({ status: 'ok', note: expect.stringMatching(note) });
      const absent = { status: 'absent', note: expect.any(String) };
      expect(told).toEqual({
        machine: ok(/cudasim.*driver for CUDA 13/),
        'parity-float32': ok(/operations and \d+ tensors/),
        'parity-tf32': ok(/operations/),
        'parity-bf16': ok(/operations/),
        conformance: ok(/specs/),
        sanitizer: absent,
        soak: ok(/12 training steps/),
        'benchmark-tf32': ok(/cudasim/),
        'benchmark-bf16': ok(/cudasim/),
        'benchmark-webgpu': absent,
        'benchmark-torch': absent,
      });
      expect(code).toBe(0);
      const rows = report.steps.flatMap(({ rows: own = [] }) => own);
      for (const { what, value } of rows) expect(Number.isFinite(value), what).toBe(true);
      for (const { what } of rows) expect(out).toContain(what);
      expect(rows.map(({ what }) => what)).toEqual(
        expect.arrayContaining(['cuda tf32: prediction, batch 1', 'cuda tf32: training step, batch 2']),
      );
      expect(Date.now() - Date.parse(report.date)).toBeLessThan(3_600_000);
    }, 1_800_000);

    it('says what is missing, stops at nothing, and ends with 1', async () => {
      const { code, report } = await runIn('nothing', { GLID_CUDA_LIBS: '/nowhere' });
      expect(code).toBe(1);
      expect(report.steps).toHaveLength(11);
      expect(report.steps[0]).toMatchObject({ status: 'failed', note: expect.stringMatching(/was not found. Tried:/) });
      expect(report.steps.find(({ step }) => step === 'soak')).toMatchObject({ status: 'failed' });
      expect(report.steps.find(({ step }) => step === 'benchmark-torch')).toMatchObject({ status: 'absent' });
    }, 600_000);
  },
);
