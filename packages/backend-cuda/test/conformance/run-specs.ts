import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleSpecs } from './bundle-specs.ts';
import type { ConformanceReport, ConformanceSettings } from './environment.ts';

const folder = fileURLToPath(new URL('../../.cache/', import.meta.url));

/** Bundles the installed specs and runs them in a process of their own, where a fault ends nothing else. */
export async function runSpecs(settings: Omit<ConformanceSettings, 'report'>): Promise<ConformanceReport> {
  // Beside node_modules, so that the bundle finds koffi.
  await mkdir(folder, { recursive: true });
  const bundle = join(folder, `specs-${process.pid}.cjs`);
  const temporary = await mkdtemp(join(tmpdir(), 'glid-specs-'));
  const report = join(temporary, 'report.json');
  try {
    await bundleSpecs(bundle);
    const env = { ...process.env, GLID_CONFORMANCE: JSON.stringify({ ...settings, report }) };
    await promisify(execFile)(process.execPath, [bundle], { env, maxBuffer: 2 ** 26 });
    return JSON.parse(await readFile(report, 'utf8')) as ConformanceReport;
  } finally {
    await rm(bundle, { force: true });
    await rm(temporary, { recursive: true });
  }
}
