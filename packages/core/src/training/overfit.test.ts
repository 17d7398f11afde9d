import type { ImageMeta } from '@glid/head-kit';
import { describe, expect, it } from 'vitest';
import type { Batch, BatchSource } from './batch.ts';
import { overfit } from './overfit.ts';

const meta: ImageMeta = { originalSize: [1, 1], resizedSize: [1, 1], inputSize: [1, 1] };

/** Picture p of the stream is the constant p; 3 a batch. */
const source: BatchSource = {
  pictures: 100,
  batchSize: 3,
  async *batches(from) {
    for (let p = from; ; p += 3) {
      const images = Float32Array.from([p, p, p, p + 1, p + 1, p + 1, p + 2, p + 2, p + 2]);
      const label = (v: number) => ({ label: { data: Int32Array.of(v), shape: [1] } });
      yield {
        images: { data: images, shape: [3, 1, 1, 3] },
        metas: [meta, meta, meta],
        targets: { a: [label(p), label(p + 1), label(p + 2)] },
      };
    }
  },
};

async function take(from: BatchSource, position: number, count: number): Promise<Batch[]> {
  const out: Batch[] = [];
  for await (const batch of from.batches(position)) {
    out.push(batch);
    if (out.length === count) break;
  }
  return out;
}

describe('overfit', () => {
  it('repeats exactly the first pictures, with their targets, and cuts the last batch', async () => {
    const batches = await take(overfit(source, 5), 0, 4);
    expect(batches.map((b) => b.images.shape[0])).toEqual([3, 2, 3, 2]);
    expect(batches[1]!.targets.a!.map((t) => t.label!.data[0])).toEqual([3, 4]);
    expect(batches[1]!.images.data).toEqual(Float32Array.from([3, 3, 3, 4, 4, 4]));
    expect(batches[2]).toBe(batches[0]);
  });

  it('continues at a position, and makes one small batch of few pictures', async () => {
    const few = overfit(source, 2);
    expect(few.batchSize).toBe(2);
    expect((await take(few, 4, 1))[0]!.images.shape[0]).toBe(2);
    expect((await take(overfit(source, 5), 3, 1))[0]!.images.shape[0]).toBe(2);
  });

  it('refuses numbers that are none', () => {
    expect(() => overfit(source, 0)).toThrow(expect.objectContaining({ code: 'GLID_CONFIG' }));
  });
});
