import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ConformanceReport } from './conformance/environment.ts';
import { runSpecs } from './conformance/run-specs.ts';
import { keepSource } from './kernel-sources.ts';
import { openSimulator, withoutCompiler } from './simulator.ts';

/** Specs that fail, by cause. */
const known = JSON.parse(
  readFileSync(new URL('./conformance/known-failures.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>;

describe.skipIf(withoutCompiler)("TensorFlow.js's own specs on the simulator (needs g++)", () => {
  let report: ConformanceReport;

  beforeAll(async () => {
    const { path } = await openSimulator();
    // Exact memory: every tensor is an allocation with a guard page, filled with NaN.
    const cuda = { libraries: [path], precision: 'float32', cacheFolder: false, exactMemory: true } as const;
    report = await runSpecs({ backend: 'cuda', cuda });
    for (const source of report.sources) keepSource(source);
  }, 600_000);

  it('fail where the list says, and nowhere else', () => {
    expect(report.backend).toMatch(/cudasim/);
    const listed = new Set(Object.values(known).flat());
    const failed = Object.entries(report.failed).filter(([name]) => !listed.has(name));
    expect(failed, 'new failures').toEqual([]);
    const repaired = [...listed].filter((name) => report.failed[name] === undefined);
    expect(repaired, 'these pass now: take them from the list').toEqual([]);
  });

  it('pass to nine tenths and more', () => {
    const failures = Object.keys(report.failed).length;
    expect(report.passed + failures).toBeGreaterThan(3500);
    expect(report.passed / (report.passed + failures)).toBeGreaterThanOrEqual(0.9);
  });
});
