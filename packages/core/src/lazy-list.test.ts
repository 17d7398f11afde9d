import { expect, it } from 'vitest';
import { lazyList } from './lazy-list.ts';

it('makes what is looked at, once', () => {
  const made: number[] = [];
  const list = lazyList(4, (i) => made.push(i) && i * 10);
  expect(list.length).toBe(4);
  expect([list.at(-1), list.slice(-1)]).toEqual([30, [30]]);
  expect(made).toEqual([3]);
  expect([...list]).toEqual([0, 10, 20, 30]);
  expect(list.map((x) => x + 1)).toEqual([1, 11, 21, 31]);
  expect(made).toEqual([3, 0, 1, 2]);
});
