import { describe, expect, it } from 'vitest';
import { ahead } from '../src/predict/ahead.ts';

async function* count(length: number): AsyncGenerator<number> {
  for (let i = 0; i < length; i++) yield i;
}

describe('ahead', () => {
  it('begins work for the next items while one is used, never for more than it may hold', async () => {
    let begun = 0;
    const seen: [item: number, begun: number][] = [];
    const work = async (i: number): Promise<number> => {
      begun++;
      return i;
    };
    for await (const item of ahead(count(6), 2, work)) seen.push([item, begun]);
    expect(seen).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
      [3, 6],
      [4, 6],
      [5, 6],
    ]);
  });

  it('keeps the order of the items and gives an error in its turn', async () => {
    const seen: number[] = [];
    const slowFirst = async (i: number): Promise<number> => {
      await new Promise((done) => setTimeout(done, 20 - 5 * i));
      if (i === 2) throw new Error('item 2');
      return i;
    };
    await expect(async () => {
      for await (const item of ahead(count(4), 3, slowFirst)) seen.push(item);
    }).rejects.toThrow('item 2');
    expect(seen).toEqual([0, 1]);
  });
});
