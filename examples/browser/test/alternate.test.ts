import type { Batch, BatchSource } from '@glid/core/train';
import { expect, it } from 'vitest';
import { alternate } from '../src/worker/alternate.ts';

/** Batches that say which source and which place they are of. */
function numbered(name: string, pictures: number): BatchSource {
  return {
    pictures,
    batchSize: 4,
    async *batches(from) {
      for (let k = from / 4; ; k++) yield `${name}${k}` as unknown as Batch;
    },
  };
}

async function first(source: BatchSource, from: number, count: number): Promise<unknown[]> {
  const batches: unknown[] = [];
  for await (const batch of source.batches(from)) {
    batches.push(batch);
    if (batches.length === count) break;
  }
  return batches;
}

it('takes batches from its parts in turn, and can be entered at any of them', async () => {
  const source = alternate([numbered('a', 10), numbered('b', 6), numbered('c', 8)]);
  expect(source.pictures).toBe(24);
  const whole = await first(source, 0, 9);
  expect(whole).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
  for (let k = 0; k < 9; k++) expect(await first(source, 4 * k, 9 - k)).toEqual(whole.slice(k));
});
