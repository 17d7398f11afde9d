import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { fromBytes, type Model, saveWeights, writeWeights } from '@glid/core';
import { type CheckpointStore, checkpointWeights } from '@glid/core/train';
import type { Json } from '@glid/head-kit';
import type { RunFolder } from './run-folder.ts';
import type { RunOutcome } from './watch-run.ts';

/**
 * Writes `model.safetensors` and its manifest into the run folder: the best weights where evaluation chose some that are better than
 * the last, else the last.
 *
 * @param metric name of the watched metric
 */
export async function writeModel(
  model: Model,
  run: RunFolder,
  store: CheckpointStore,
  outcome: RunOutcome,
  metric: string | undefined,
  provenance: { readonly [fact: string]: Json },
): Promise<{ readonly file: string; readonly step: number }> {
  const last = metric === undefined ? undefined : outcome.evaluations.at(-1)?.metrics[metric];
  const best = outcome.best !== null && outcome.best.value !== last ? outcome.best : null;
  if (best) {
    const bytes = await checkpointWeights(store, 'best');
    if (bytes) await model.load(fromBytes(bytes));
  }
  const step = best?.step ?? outcome.step;
  const about = model.describe({ ...provenance, step });
  await writeWeights(
    run.folder,
    await saveWeights(model.parameters, { metadata: about, name: 'model', shardBytes: Number.POSITIVE_INFINITY }),
  );
  return { file: join(run.folder, 'model.safetensors'), step };
}

/** What an interrupted run ends with: exit code 1, and how to go on. */
export function interrupted(verb: string, run: RunFolder, step: number): GlidError {
  if (step === 0) {
    return new GlidError('GLID_ABORTED', 'Stopped before the first step.', {
      fix: 'Run the command again.',
      details: { step, run: run.folder },
    });
  }
  return new GlidError('GLID_ABORTED', `Stopped after step ${step}; its checkpoint is in ${run.checkpoints}.`, {
    fix: `Go on with: glid ${verb} --resume --out ${run.folder}`,
    details: { step, run: run.folder },
  });
}
