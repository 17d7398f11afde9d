import { GlidError } from '@glid/base';

/** Throws `GLID_ABORTED` once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (!signal?.aborted) return;
  throw new GlidError('GLID_ABORTED', `${what} was stopped.`, {
    fix: 'Start it again when it is wanted.',
    cause: signal.reason,
  });
}
