import { type BatchMessage, type BatchPort, listen, packError } from './batch-port.ts';
import { type LoadOptions, loadBatches } from './load-batches.ts';

/**
 * Inside a worker: makes batches for `receiveBatches` on the other side of `port` (`parentPort` in Node, `self` in a page's
 * worker). With several workers give each its `share`. Pictures are handed over without copying.
 */
export function serveBatches(port: BatchPort, options: LoadOptions): void {
  const batches = loadBatches(options);
  const send = (message: BatchMessage, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const next = async (): Promise<void> => {
    try {
      const { value } = await batches.next();
      if (!value) {
        send({ kind: 'end' });
        return;
      }
      const skipped = value.skipped.map(({ index, error }) => ({ index, error: packError(error) }));
      send({ kind: 'batch', batch: { ...value, skipped } }, [value.images.data.buffer as ArrayBuffer]);
    } catch (error) {
      send({ kind: 'error', error: packError(error) });
    }
  };
  // One after the other: a generator answers in order anyway.
  let work = Promise.resolve();
  listen(port, (message) => {
    if (message === 'pull') work = work.then(next);
  });
}
