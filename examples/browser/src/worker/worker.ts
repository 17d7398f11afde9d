import { GlidError } from '@glid/base';
import { enableProdMode } from '@tensorflow/tfjs-core';
import type { FromWorker, PlainError, ToWorker, WorkerEvents, WorkerMethods } from '../protocol.ts';
import { createMethods } from './methods.ts';

/** The part of a worker's global object that is used; TypeScript's own library for it cannot be mixed with the page's. */
interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = globalThis as unknown as WorkerScope;

enableProdMode();
const methods: WorkerMethods = createMethods(<E extends keyof WorkerEvents>(event: E, value: WorkerEvents[E]) =>
  scope.postMessage({ event, value }),
);

scope.onmessage = async ({ data: { id, method, argument } }) => {
  try {
    const answer: unknown = await methods[method](argument as never);
    scope.postMessage({ id, answer }, transferable(answer));
  } catch (error) {
    scope.postMessage({ id, error: plainError(error) });
  }
};

/** Bitmaps and byte arrays change hands instead of being copied. */
function transferable(answer: unknown): Transferable[] {
  if (answer instanceof ImageBitmap) return [answer];
  if (answer instanceof Uint8Array) return [answer.buffer];
  const { bitmap } = (answer ?? {}) as { readonly bitmap?: ImageBitmap };
  return bitmap ? [bitmap] : [];
}

function plainError(error: unknown): PlainError {
  if (GlidError.isInstance(error)) return { code: error.code, message: error.message };
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}
