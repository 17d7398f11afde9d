import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkFigures } from './figures.ts';

const repository = resolve(import.meta.dirname, '../..');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'glid-figures-'));
  cpSync(join(repository, 'benchmarks/results'), join(root, 'benchmarks/results'), { recursive: true });
  mkdirSync(join(root, 'docs'));
  cpSync(join(repository, 'docs/performance.md'), join(root, 'docs/performance.md'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('accepts the page as it was written', () => {
  expect(checkFigures(root)).toEqual([]);
});

it('rejects a figure that no benchmark wrote, a result that the page does not have, and a missing page', () => {
  const page = join(root, 'docs/performance.md');
  const text = readFileSync(page, 'utf8');
  writeFileSync(page, text.replace('| 149 |', '| 99 |'));
  expect(checkFigures(root)).toMatchObject([{ path: 'docs/performance.md' }]);
  writeFileSync(page, text);
  const results = join(root, 'benchmarks/results/webgpu.json');
  writeFileSync(results, readFileSync(results, 'utf8').replace('"dispatches": 149', '"dispatches": 150'));
  expect(checkFigures(root)).toHaveLength(1);
  rmSync(page);
  expect(checkFigures(root)).toMatchObject([{ line: 1 }]);
});
