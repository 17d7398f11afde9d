import { GlidError } from '@glid/base';
import { assertSingleEngine, type BackendCandidate, type GlidBackend } from '@glid/ops';
import { findBackend, getBackend, setBackend } from '@tensorflow/tfjs-core';
import { runCanary } from './canary.ts';

/** A candidate that was not taken, and why. */
export interface RejectedBackend {
  readonly name: string;
  readonly reason: string;
}

/** What runs now, and what was tried before it. */
export interface BackendChoice {
  readonly name: string;
  readonly backend: GlidBackend;
  readonly rejected: readonly RejectedBackend[];
}

/**
 * Makes the first candidate that works the current backend: probe, create, `setBackend`, canary computation.
 * Each failure is kept as a reason; nothing falls back to a backend that is not in the list.
 *
 * @param candidates in order of preference: `[cuda(), webgpu(), wasm()]`; a single value names one backend.
 * @throws GLID_BACKEND_UNAVAILABLE when none works, with every reason; the backend that was current stays current.
 * @throws GLID_TFJS_DUPLICATE when the backend was built with another copy of TensorFlow.js than this package, with what mends it.
 * @throws GLID_USAGE when the list is empty.
 */
export async function useBackend(candidates: BackendCandidate | readonly BackendCandidate[]): Promise<BackendChoice> {
  const list: readonly BackendCandidate[] = 'probe' in candidates ? [candidates] : candidates;
  if (list.length === 0) {
    throw new GlidError('GLID_USAGE', 'useBackend was given no backend.', {
      fix: 'Pass at least one, for example `useBackend([wasm()])`.',
    });
  }
  const previous = getBackend() || undefined;
  const rejected: RejectedBackend[] = [];
  for (const candidate of list) {
    const outcome = await attempt(candidate, previous);
    if (typeof outcome !== 'string') return { name: outcome.name, backend: outcome, rejected };
    rejected.push({ name: candidate.name, reason: outcome });
  }
  const tried = rejected.map(({ name, reason }) => `\n  ${name}: ${reason.replaceAll('\n', '\n    ')}`).join('');
  throw new GlidError('GLID_BACKEND_UNAVAILABLE', `No backend could be used:${tried}\n `, {
    fix:
      list.length === 1
        ? 'Remove the cause, or let another backend be tried after it.'
        : 'Remove one of the causes, or add `wasm()`, which needs no device.',
    details: { rejected },
  });
}

/** The chosen backend, or the reason against it. After a failure the previous backend is current again. */
async function attempt(candidate: BackendCandidate, previous: string | undefined): Promise<GlidBackend | string> {
  let backend: GlidBackend | undefined;
  try {
    const probe = await candidate.probe();
    if (!probe.ok) return probe.reason;
    backend = await candidate.create();
    // setBackend reports a failed factory by false, after it has already taken over the name.
    if (!(await setBackend(backend.name))) {
      throw new Error(`TensorFlow.js could not initialise the backend '${backend.name}'`);
    }
    assertSingleEngine();
    const fault = await runCanary();
    if (fault === undefined) return backend;
    throw new Error(fault);
  } catch (error) {
    // A candidate may hand out the backend that is in use already; that one is not ours to take down.
    if (backend && backend.name !== previous) await backend.dispose().catch(() => undefined);
    if (previous !== undefined && findBackend(previous) !== null) await setBackend(previous);
    if (GlidError.isInstance(error, 'GLID_TFJS_DUPLICATE')) throw error; // no other backend mends that
    return error instanceof Error ? error.message : String(error);
  }
}
