import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { opCases } from '../../packages/ops/test/suite/index.ts';

const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '));

it('the table of compatibility holds every operation of the suite with all its cases, on every backend', () => {
  const [head, , ...body] = rows;
  expect(head).toEqual(['operation', 'cpu', 'wasm', 'webgpu', 'cuda-sim']);
  const counted = body
    .filter(([name]) => name!.startsWith('`'))
    .map(([name, ...cells]) => [name!.slice(1, -1), cells.map((cell) => Number(/(\d+)\)$/.exec(cell)?.[1]))]);
  const wanted = opCases.map(({ op }) => [op, new Array(4).fill(opCases.filter((c) => c.op === op).length)]);
  // Where this fails: npx tsx --conditions=@glid/source tools/compatibility.ts
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(wanted));
});

it('says when it was written', () => {
  expect(page.split('\n')[2]).toMatch(/^Written on \d{4}-\d\d-\d\d by /);
});
