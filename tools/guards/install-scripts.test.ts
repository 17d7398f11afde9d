import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkInstallScripts, type Lockfile } from './install-scripts.ts';

it('finds an install script deep in a published package, and not in development tools or optional peers', () => {
  const lock: Lockfile = {
    packages: {
      'packages/a': {
        dependencies: { b: '1' },
        peerDependencies: { native: '1' },
        peerDependenciesMeta: { native: { optional: true } },
      },
      'node_modules/b': { peerDependencies: { c: '1' } },
      'node_modules/c': { hasInstallScript: true },
      'node_modules/native': { hasInstallScript: true },
      'node_modules/tool': { hasInstallScript: true },
    },
  };
  expect(checkInstallScripts(lock, ['packages/a']).map((v) => v.message)).toEqual([
    'install script in the runtime tree: packages/a > b > c',
  ]);
});

it('prefers the nested copy', () => {
  const lock: Lockfile = {
    packages: {
      'packages/a': { dependencies: { b: '1' } },
      'packages/a/node_modules/b': { hasInstallScript: true },
      'node_modules/b': {},
    },
  };
  expect(checkInstallScripts(lock, ['packages/a'])).toHaveLength(1);
});

it('reads the lock file of this repository', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
  expect(lock.packages['packages/core']).toBeDefined();
  expect(checkInstallScripts(lock, ['packages/core'])).toEqual([]);
});
