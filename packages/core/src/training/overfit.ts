import { GlidError } from '@glid/base';
import type { Batch, BatchSource } from './batch.ts';

/** The first `count` pictures of a source over and over: a model that cannot learn these by heart will learn nothing else. */
export function overfit(source: BatchSource, count: number): BatchSource {
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new GlidError('GLID_CONFIG', `Cannot overfit ${count} pictures.`, {
      fix: 'Give a whole number of at least 1.',
    });
  }
  return {
    pictures: count,
    batchSize: Math.min(count, source.batchSize),
    async *batches(from, options) {
      const kept = await firstBatches(source, count, options?.signal);
      const size = Math.min(count, source.batchSize);
      for (let i = Math.floor((from % count) / size); !options?.signal?.aborted; i++) yield kept[i % kept.length]!;
    },
  };
}

async function firstBatches(source: BatchSource, count: number, signal?: AbortSignal): Promise<Batch[]> {
  const kept: Batch[] = [];
  let missing = count;
  for await (const batch of source.batches(0, signal ? { signal } : {})) {
    const part = takePictures(batch, missing);
    kept.push(part);
    missing -= part.images.shape[0];
    if (missing === 0) break;
  }
  return kept;
}

/** The first pictures of a batch, at most `count`. */
function takePictures(batch: Batch, count: number): Batch {
  const [size, height, width] = batch.images.shape;
  if (count >= size) return batch;
  const targets = Object.fromEntries(Object.entries(batch.targets).map(([head, list]) => [head, list.slice(0, count)]));
  return {
    images: { data: batch.images.data.subarray(0, count * height * width * 3), shape: [count, height, width, 3] },
    metas: batch.metas.slice(0, count),
    targets,
  };
}
