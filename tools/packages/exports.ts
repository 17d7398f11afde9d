import type { PackedPackage } from './pack.ts';

/** Reports targets of `exports` and `imports` that the tarball lacks, a missing condition, and files that do not belong in it. */
export function checkExports(packed: Pick<PackedPackage, 'name' | 'manifest' | 'files'>): string[] {
  const found: string[] = [];
  const files = new Set(packed.files);
  const visit = (where: string, target: unknown): void => {
    if (typeof target === 'string') {
      if (target.startsWith('./') && !files.has(target.slice(2)))
        found.push(`${where}: ${target} is not in the tarball`);
    } else if (target && typeof target === 'object') {
      for (const [condition, inner] of Object.entries(target)) visit(`${where} > ${condition}`, inner);
    }
  };
  for (const [key, target] of Object.entries(packed.manifest.exports ?? {})) {
    visit(`${packed.name} exports ${key}`, target);
    if (key.includes('*')) found.push(`${packed.name} exports ${key}: no wildcard subpaths`);
    if (target && typeof target === 'object') {
      const conditions = Object.keys(target);
      if (conditions.at(-1) !== 'default') found.push(`${packed.name} exports ${key}: 'default' must come last`);
      if (!conditions.includes('types')) found.push(`${packed.name} exports ${key}: no types`);
    }
  }
  for (const [key, target] of Object.entries(packed.manifest.imports ?? {}))
    visit(`${packed.name} imports ${key}`, target);
  for (const file of files) {
    const isTest = /\.test\.ts$|(^|\/)test\//.test(file) && !file.startsWith('templates/');
    if (isTest) found.push(`${packed.name}: ${file} is a test`);
  }
  for (const needed of ['package.json', 'README.md', 'LICENSE']) {
    if (!files.has(needed)) found.push(`${packed.name}: ${needed} is missing from the tarball`);
  }
  return found;
}
