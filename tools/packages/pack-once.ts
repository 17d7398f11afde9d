import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type PackedPackage, packAll } from './pack.ts';
import { startRegistry } from './registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Every published package, packed. */
    readonly packed: readonly PackedPackage[];
    /** Where they can be installed from, and npm's cache for that. */
    readonly registry: { readonly url: string; readonly cache: string };
  }
}

/** Runs once before the test files of the suite: packing is shared, and so is what npm has already fetched. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = resolve(import.meta.dirname, '../..');
  const packed = [...packAll(root).values()];
  const registry = await startRegistry(root, packed);
  const cache = mkdtempSync(join(tmpdir(), 'glid-npm-cache-'));
  project.provide('packed', packed);
  project.provide('registry', { url: registry.url, cache });
  return async () => {
    await registry.close();
    rmSync(cache, { recursive: true, force: true });
  };
}
