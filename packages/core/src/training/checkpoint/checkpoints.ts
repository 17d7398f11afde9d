import { GlidError } from '@glid/base';
import type { CheckpointFiles, CheckpointStore } from './checkpoint-store.ts';
import { seal, verify } from './manifest.ts';
import { decodeState, encodeState, modelFile, type TrainingState } from './training-state.ts';

const stepPrefix = 'step-';
const bestPrefix = 'best-';
const nameOf = (prefix: string, step: number): string => `${prefix}${String(step).padStart(9, '0')}`;

/** A state found in a store, and the damaged ones that were passed over on the way to it. */
export interface FoundState {
  readonly name: string;
  readonly state: TrainingState;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Writes `step-…` and then removes all but the newest `keep` of them. Returns its name. */
export async function saveState(
  store: CheckpointStore,
  state: TrainingState,
  { keep, metadata }: { readonly keep: number; readonly metadata: ReadonlyMap<string, string> },
): Promise<string> {
  const name = nameOf(stepPrefix, state.step);
  await store.write(name, await seal(encodeState(state, metadata)));
  await removeAllBut(store, stepPrefix, keep);
  return name;
}

/** Writes the weights alone as `best-…` and removes the former best. Returns its name. */
export async function saveBest(store: CheckpointStore, step: number, model: Uint8Array): Promise<string> {
  const name = nameOf(bestPrefix, step);
  await store.write(name, await seal(new Map([[modelFile, model]])));
  await removeAllBut(store, bestPrefix, 1, name);
  return name;
}

/**
 * The newest undamaged state, or undefined when the store holds none at all.
 * @throws GLID_CHECKPOINT when all that is there is damaged
 */
export async function latestState(store: CheckpointStore): Promise<FoundState | undefined> {
  const skipped: { name: string; reason: string }[] = [];
  const names = (await store.list()).filter((name) => name.startsWith(stepPrefix));
  for (const name of names.reverse()) {
    try {
      return { name, state: decodeState(await readVerified(store, name)), skipped };
    } catch (error) {
      skipped.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  if (skipped.length === 0) return undefined;
  throw new GlidError('GLID_CHECKPOINT', `All ${skipped.length} checkpoints in ${store.place} are damaged.`, {
    fix: 'Restore the folder from a copy, or start again with an empty one.',
    details: { skipped },
  });
}

/** `model.safetensors` of the best (default) or the newest checkpoint, verified. Undefined when there is none. */
export async function checkpointWeights(
  store: CheckpointStore,
  which: 'best' | 'latest' = 'best',
): Promise<Uint8Array | undefined> {
  const prefix = which === 'best' ? bestPrefix : stepPrefix;
  const name = (await store.list()).filter((entry) => entry.startsWith(prefix)).at(-1);
  return name === undefined ? undefined : (await readVerified(store, name)).get(modelFile);
}

async function readVerified(store: CheckpointStore, name: string): Promise<CheckpointFiles> {
  return verify(await store.read(name), `'${name}' in ${store.place}`);
}

async function removeAllBut(store: CheckpointStore, prefix: string, keep: number, always?: string): Promise<void> {
  const names = (await store.list()).filter((name) => name.startsWith(prefix) && name !== always);
  const spare = always === undefined ? keep : keep - 1;
  for (const name of names.slice(0, Math.max(0, names.length - spare))) await store.remove(name);
}
