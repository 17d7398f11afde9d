import { GlidError } from '@glid/base';
import type { Batch, BatchSource } from './batch.ts';

/** Thrown by `next` when the stream ended because its signal fired. */
export const streamEnded: unique symbol = Symbol('the batch stream ended on request');

/** One reading of a source from a position on. */
export interface BatchReader {
  /** @throws `streamEnded`, or GLID_DATA when a source ends by itself */
  next(): Promise<Batch>;
  close(): Promise<void>;
}

export function readBatches(source: BatchSource, from: number, signal: AbortSignal | undefined): BatchReader {
  const iterator = source.batches(from, signal ? { signal } : {})[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await iterator.next().catch((error: unknown) => {
        throw signal?.aborted ? streamEnded : error;
      });
      if (!done) return value;
      if (signal?.aborted) throw streamEnded;
      throw new GlidError('GLID_DATA', 'The batch source ended before the run did.', {
        fix: 'A BatchSource has no end: begin the next epoch when one is through.',
      });
    },
    async close() {
      await iterator.return?.();
    },
  };
}
