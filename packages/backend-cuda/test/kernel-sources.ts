import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../.cache/kernel-sources', import.meta.url));

export interface KernelSource {
  readonly key: string;
  readonly text: string;
}

/** Before the tests run: drops what an earlier run has left. */
export function forgetSources(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Leaves a kernel's text on disk, once, for the tests that come after all others. */
export function keepSource(source: KernelSource): void {
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256').update(source.text).digest('hex');
  writeFileSync(join(folder, `${hash}.json`), JSON.stringify(source));
}

/** What the tests of this run have left so far, in a lasting order. */
export function keptSources(): KernelSource[] {
  const names = readdirSync(folder).sort();
  return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as KernelSource);
}
