import { GlidError } from '@glid/base';
import type { HostArray } from '@glid/head-kit';
import { clone, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { AdamWState, Optimizer } from './adamw.ts';
import type { HostRecord, TrainingState } from './checkpoint/training-state.ts';
import { type BestSoFar, nothingYet } from './early-stopping.ts';
import type { ParameterRecord } from './objective.ts';

/** A run's tensors and numbers. It owns all tensors but `parameters`, which belong to the caller's record. */
export interface RunState {
  readonly parameters: ParameterRecord;
  moments: AdamWState;
  average: ParameterRecord | null;
  step: number;
  pictures: number;
  best: BestSoFar;
  /** The step whose weights were evaluated last. */
  evaluatedAt: number;
}

/** A run at step 0. */
export function freshState(
  parameters: ParameterRecord,
  trainable: readonly string[],
  optimizer: Optimizer,
  averaged: boolean,
): RunState {
  return {
    parameters,
    moments: optimizer.init(parameters),
    average: averaged ? Object.fromEntries(trainable.map((name) => [name, clone(parameters[name]!)])) : null,
    step: 0,
    pictures: 0,
    best: nothingYet,
    evaluatedAt: 0,
  };
}

/** Copies a run to the host. */
export async function captureState(run: RunState, plan: TrainingState['plan']): Promise<TrainingState> {
  return {
    step: run.step,
    pictures: run.pictures,
    best: run.best,
    evaluatedAt: run.evaluatedAt,
    plan,
    parameters: await toHost(run.parameters),
    optimizer: { first: await toHost(run.moments.first), second: await toHost(run.moments.second) },
    average: run.average ? await toHost(run.average) : null,
  };
}

/**
 * Puts a captured state into a fresh run, replacing its tensors.
 * @throws GLID_CHECKPOINT_SHAPE when names or shapes are not those of the run
 */
export function restoreState(run: RunState, state: TrainingState): void {
  const pairs: [ParameterRecord, HostRecord, string][] = [
    [run.parameters, state.parameters, 'weights'],
    [run.moments.first, state.optimizer.first, 'first moments'],
    [run.moments.second, state.optimizer.second, 'second moments'],
  ];
  if (run.average) pairs.push([run.average, state.average ?? new Map(), 'averaged weights']);
  for (const [record, saved, what] of pairs) checkFit(record, saved, what);
  for (const [record, saved] of pairs) {
    for (const [name, { data, shape }] of saved)
      replaceEntry(record, name, tensor(data.slice(), [...shape], 'float32'));
  }
  run.step = state.step;
  run.pictures = state.pictures;
  run.best = state.best;
  run.evaluatedAt = state.evaluatedAt;
}

/** Puts a tensor into a record and disposes the one it replaces. */
export function replaceEntry(record: ParameterRecord, name: string, next: Tensor): void {
  record[name]?.dispose();
  record[name] = next;
}

/** Makes every follower equal to its leader. */
export function tie(record: ParameterRecord, ties: ReadonlyMap<string, string> | undefined): void {
  for (const [follower, leader] of ties ?? []) replaceEntry(record, follower, clone(record[leader]!));
}

/** Values on the host, in the order of the record. */
export async function toHost(record: Readonly<ParameterRecord>): Promise<HostRecord> {
  const read = async ([name, t]: [string, Tensor]): Promise<[string, HostArray]> => [
    name,
    { data: ((await t.data()) as Float32Array).slice(), shape: t.shape },
  ];
  return new Map(await Promise.all(Object.entries(record).map(read)));
}

/** Disposes what the run owns: moments and average. */
export function disposeRun(run: RunState): void {
  for (const record of [run.moments.first, run.moments.second, run.average ?? {}]) {
    for (const t of Object.values(record)) t.dispose();
  }
}

function checkFit(record: Readonly<ParameterRecord>, saved: HostRecord, what: string): void {
  const shapeOf = (shape: readonly number[] | undefined): string => (shape ? `[${shape.join(', ')}]` : 'absent');
  for (const name of new Set([...Object.keys(record), ...saved.keys()])) {
    const [expected, got] = [shapeOf(record[name]?.shape), shapeOf(saved.get(name)?.shape)];
    if (expected === got) continue;
    throw new GlidError(
      'GLID_CHECKPOINT_SHAPE',
      `In the checkpoint's ${what} '${name}' is ${got}; the run has ${expected}.`,
      {
        fix: 'Resume with the model and the frozen parameters that the run began with, or start a new run from its weights.',
        details: { name, expected, got },
      },
    );
  }
}
