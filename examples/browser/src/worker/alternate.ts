import type { BatchSource } from '@glid/core/train';

/**
 * Several sources of equal batch size in turn: batch k comes from source k mod n. Seekable as its parts are: the stream may be entered at
 * any batch.
 */
export function alternate(sources: readonly BatchSource[]): BatchSource {
  const [first] = sources;
  if (sources.length === 1) return first!;
  const { batchSize } = first!;
  return {
    pictures: sources.reduce((sum, { pictures }) => sum + pictures, 0),
    batchSize,
    async *batches(from, options) {
      const turn = Math.floor(from / batchSize);
      const streams = sources.map((source, i) => {
        const done = Math.floor((turn + sources.length - 1 - i) / sources.length);
        return source.batches(done * batchSize, options)[Symbol.asyncIterator]();
      });
      try {
        for (let k = turn; ; k++) {
          const { done, value } = await streams[k % streams.length]!.next();
          if (done) return;
          yield value;
        }
      } finally {
        await Promise.all(streams.map((stream) => stream.return?.()));
      }
    },
  };
}
