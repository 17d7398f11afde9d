import { expect, it } from 'vitest';
import { checkArrows } from './arrows.ts';
import { publishedSources } from './sources.ts';

const file = (packageName: string, text: string) => ({
  path: `packages/${packageName.replace('@glid/', '')}/src/a.ts`,
  packageName,
  text,
});

it('accepts this repository', () => {
  expect(checkArrows(publishedSources(process.cwd()))).toEqual([]);
});

it.each([
  ['a head that imports core', '@glid/head-depth', "import { createModel } from '@glid/core';"],
  ['a head that imports a head, types only', '@glid/head-pose', "import type { X } from '@glid/head-detection';"],
  ['core that imports a backend dynamically', '@glid/core', "const b = await import('@glid/backend-wasm');"],
  ['data with a tensor engine', '@glid/data', "import { tensor } from '@tensorflow/tfjs-core';"],
  ['a path into another package', '@glid/core', "import { x } from '../../ops/src/index.ts';"],
  ['re-export against the arrow', '@glid/ops', "export * from '@glid/head-kit';"],
  ['an unknown package', '@glid/nobody', 'export {};'],
])('rejects %s', (_, packageName, text) => {
  expect(checkArrows([file(packageName, text)])).toHaveLength(1);
});

it('reports the line', () => {
  const [violation] = checkArrows([file('@glid/base', "\n\nimport '@glid/ops';\n")]);
  expect(violation?.line).toBe(3);
});
