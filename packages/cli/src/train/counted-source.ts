import type { BatchSource } from '@glid/core/train';
import type { LoadedBatch, SkippedRecord } from '@glid/data';
import type { Output } from '../output.ts';

/** A source that says once for each record that it could not be read, and keeps the list. */
export function countedSource(source: BatchSource, output: Output): { source: BatchSource; skipped: SkippedRecord[] } {
  const skipped: SkippedRecord[] = [];
  return {
    skipped,
    source: {
      ...source,
      async *batches(from, options) {
        for await (const batch of source.batches(from, options)) {
          const known = new Set(skipped.map(({ index }) => index));
          for (const record of (batch as Partial<LoadedBatch>).skipped ?? []) {
            if (known.has(record.index)) continue;
            skipped.push(record);
            output.warn(`skipped: ${record.error.message}`);
          }
          yield batch;
        }
      },
    },
  };
}
