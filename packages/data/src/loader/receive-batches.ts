import { GlidError } from '@glid/base';
import { type BatchMessage, type BatchPort, listen, unpackError } from './batch-port.ts';
import type { LoadedBatch } from './load-batches.ts';

export interface ReceiveOptions {
  /** Batches that each worker may make ahead. Default 2. */
  readonly ahead?: number;
}

/**
 * Batches out of workers that run `serveBatches`, in the order of one loader: worker k of n must have the share
 * `{ part: k, of: n }`. Throws what the worker threw, and `GLID_IO` when one of them dies. The workers stay the caller's.
 */
export async function* receiveBatches(
  ports: readonly BatchPort[],
  options: ReceiveOptions = {},
): AsyncGenerator<LoadedBatch, void, undefined> {
  const inboxes = ports.map(openInbox);
  for (const inbox of inboxes) for (let k = 0; k <= (options.ahead ?? 2); k++) inbox.pull();
  for (let turn = 0; ; turn++) {
    const inbox = inboxes[turn % inboxes.length];
    const message = await inbox?.take();
    if (!inbox || !message || message.kind === 'end') return;
    if (message.kind === 'error') throw unpackError(message.error);
    inbox.pull();
    const skipped = message.batch.skipped.map(({ index, error }) => ({
      index,
      error: unpackError(error) as GlidError,
    }));
    yield { ...message.batch, skipped };
  }
}

interface Inbox {
  pull(): void;
  take(): Promise<BatchMessage>;
}

function openInbox(port: BatchPort): Inbox {
  const arrived: BatchMessage[] = [];
  let waiting: ((message: BatchMessage) => void) | null = null;
  const receive = (message: BatchMessage): void => {
    if (waiting) waiting(message);
    else arrived.push(message);
    waiting = null;
  };
  listen(port, (message) => receive(message as BatchMessage));
  if ('on' in port) {
    const died = (why: string): void => {
      const fix = 'See the message of the worker; start the loader again.';
      const error = new GlidError('GLID_IO', `A loading worker ended: ${why}.`, { fix });
      receive({ kind: 'error', error: { message: error.message, glid: { code: 'GLID_IO', fix, details: {} } } });
    };
    port.on('error', (error: Error) => died(error.message));
    port.on('exit', (code: number) => died(`exit code ${code}`));
  }
  return {
    pull: () => port.postMessage('pull', []),
    take: async () => arrived.shift() ?? new Promise((resolve) => (waiting = resolve)),
  };
}
