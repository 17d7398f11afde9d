import { GlidError, type GlidErrorCode } from '@glid/base';
import type { LoadedBatch } from './load-batches.ts';

/** A worker or a message port, of Node or of a page. */
export type BatchPort = NodePort | WebPort;

interface NodePort {
  postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void;
  // biome-ignore lint/suspicious/noExplicitAny: what a listener gets depends on the event
  on(event: string, listener: (value: any) => void): unknown;
}

interface WebPort {
  postMessage(value: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(event: string, listener: (event: Event) => void): void;
  start?(): void;
}

/** An error as plain data: classes do not survive the journey. */
export interface SentError {
  readonly message: string;
  readonly glid?: { readonly code: GlidErrorCode; readonly fix: string; readonly details: GlidError['details'] };
}

/** What a loading worker sends; it gets `pull` for each batch that is wanted. */
export type BatchMessage =
  | { readonly kind: 'batch'; readonly batch: SentBatch }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: SentError };

export interface SentBatch extends Omit<LoadedBatch, 'skipped'> {
  readonly skipped: readonly { readonly index: number; readonly error: SentError }[];
}

export function listen(port: BatchPort, listener: (message: unknown) => void): void {
  if ('on' in port) port.on('message', listener);
  else {
    port.addEventListener('message', (event) => listener((event as MessageEvent).data));
    port.start?.();
  }
}

export function packError(error: unknown): SentError {
  const message = error instanceof Error ? error.message : String(error);
  if (!GlidError.isInstance(error)) return { message };
  return { message, glid: { code: error.code, fix: error.fix, details: error.details } };
}

export function unpackError({ message, glid }: SentError): Error {
  if (!glid) return new Error(message);
  const what = message.endsWith(glid.fix) ? message.slice(0, -glid.fix.length).trimEnd() : message;
  return new GlidError(glid.code, what, glid);
}
