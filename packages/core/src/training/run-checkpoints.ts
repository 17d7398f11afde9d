import { GlidError } from '@glid/base';
import { writeSafetensors } from '../weights/safetensors/index.ts';
import { type FoundState, latestState, saveBest, saveState } from './checkpoint/checkpoints.ts';
import type { Collectives } from './collectives.ts';
import type { ParameterRecord } from './objective.ts';
import { captureState, type RunState, restoreState, toHost } from './run-state.ts';
import { type CheckpointOptions, differingFacts } from './train-plan.ts';

type Facts = { readonly [name: string]: unknown };

/**
 * Goes on from the newest undamaged state of the store, if it holds one.
 * @throws GLID_CONFIG when it belongs to a run with other settings; GLID_USAGE when resuming was refused
 */
export async function resume(run: RunState, options: CheckpointOptions, facts: Facts): Promise<FoundState | undefined> {
  const found = await latestState(options.store);
  if (!found) return undefined;
  if (options.resume === false) {
    throw new GlidError('GLID_USAGE', `${options.store.place} already holds a run.`, {
      fix: 'Choose another place, delete it, or let the run resume.',
    });
  }
  const differing = differingFacts(found.state.plan, facts);
  if (differing.length > 0) {
    throw new GlidError(
      'GLID_CONFIG',
      `${options.store.place} holds a run with other settings: ${differing.join(', ')}.`,
      {
        fix: 'Use the same settings to resume, or another place to begin a new run from its weights.',
        details: Object.fromEntries(
          differing.map((name) => [name, { saved: found.state.plan[name], now: facts[name] }]),
        ),
      },
    );
  }
  restoreState(run, found.state);
  return found;
}

/** Rank 0 writes, the others wait. Returns the checkpoint's name. */
export async function writeState(
  run: RunState,
  options: CheckpointOptions,
  facts: Facts,
  collectives: Collectives,
): Promise<string | undefined> {
  let name: string | undefined;
  if (collectives.rank === 0) {
    const metadata = options.metadata ?? new Map();
    name = await saveState(options.store, await captureState(run, facts), { keep: options.keep ?? 2, metadata });
  }
  await collectives.barrier();
  return name;
}

/** Writes the weights that were just found best. */
export async function writeBest(
  run: RunState,
  options: CheckpointOptions,
  ties?: ReadonlyMap<string, string>,
): Promise<string> {
  const weights = await toHost(evaluatedParameters(run, ties));
  const bytes = writeSafetensors(weights, options.metadata ? { metadata: options.metadata } : {});
  return saveBest(options.store, run.step, bytes);
}

/** The weights that count: averaged where there is an average. Only to be read: tied entries are the same tensor. */
export function evaluatedParameters(
  run: RunState,
  ties: ReadonlyMap<string, string> = new Map(),
): Readonly<ParameterRecord> {
  if (!run.average) return run.parameters;
  const parameters: ParameterRecord = { ...run.parameters, ...run.average };
  for (const [follower, leader] of ties) parameters[follower] = parameters[leader]!;
  return parameters;
}
