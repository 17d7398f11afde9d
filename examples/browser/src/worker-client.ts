import type { Answer, Argument, FromWorker, MethodName, PlainError, ToWorker, WorkerEvents } from './protocol.ts';

/** An error that came from the worker; the message is made for people. */
export class WorkerError extends Error {
  readonly code: string;
  constructor({ code, message }: PlainError) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** The worker as a set of asynchronous calls. All model work happens behind it. */
export class WorkerClient {
  readonly #worker = new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<keyof WorkerEvents, (value: never) => void>();
  #next = 1;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ('event' in data) {
        this.#listeners.get(data.event)?.(data.value as never);
        return;
      }
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('error' in data) waiting?.reject(new WorkerError(data.error));
      else waiting?.resolve(data.answer as never);
    };
    this.#worker.onerror = (event) => {
      const error = new WorkerError({ code: 'worker', message: event.message || 'The worker could not be started.' });
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
  }

  on<E extends keyof WorkerEvents>(event: E, listener: (value: WorkerEvents[E]) => void): void {
    this.#listeners.set(event, listener as (value: never) => void);
  }

  call<M extends MethodName>(
    method: M,
    ...[argument, transfer = []]: Argument<M> extends undefined
      ? []
      : [argument: Argument<M>, transfer?: Transferable[]]
  ): Promise<Answer<M>> {
    const id = this.#next++;
    const message: ToWorker = { id, method, argument };
    return new Promise<Answer<M>>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: never) => void, reject });
      this.#worker.postMessage(message, transfer);
    });
  }
}
