import { expect, it } from 'vitest';
import { allowedSkips, wrongSkips } from '../allowed-skips.mjs';

const allowed = { 'with a compiler (needs it)': 'it cannot be installed' };
const titles = new Set(['with a compiler (needs it)', 'in a browser']);

it('lets a listed test be skipped or run, and no other be skipped', () => {
  expect(wrongSkips(['with a compiler (needs it)'], titles, allowed)).toEqual([]);
  expect(wrongSkips([], titles, allowed)).toEqual([]);
  expect(wrongSkips(['in a browser'], titles, allowed)).toEqual(['skipped, but had to run: in a browser']);
});

it('finds an entry that no test has', () => {
  expect(wrongSkips([], new Set(['in a browser']), allowed)).toEqual([
    'allowed to skip, but no test: with a compiler (needs it)',
  ]);
});

it('gives a reason for each', () => {
  for (const reason of Object.values(allowedSkips)) expect(reason).toMatch(/\w+ .*\.$/);
});
