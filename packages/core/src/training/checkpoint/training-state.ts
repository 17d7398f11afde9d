import { GlidError } from '@glid/base';
import type { HostArray } from '@glid/head-kit';
import { readSafetensors, writeSafetensors } from '../../weights/safetensors/index.ts';
import type { BestSoFar } from '../early-stopping.ts';
import type { CheckpointFiles } from './checkpoint-store.ts';

/** Tensors by name, on the host. */
export type HostRecord = ReadonlyMap<string, HostArray>;

/** The small part of a run's state. Schedule, data order and chance are functions of `step`, `pictures` and the plan's seed. */
export interface RunProgress {
  /** Optimiser steps done. */
  readonly step: number;
  /** Pictures taken from the stream so far, over all ranks. */
  readonly pictures: number;
  readonly best: BestSoFar;
  /** The step whose weights were evaluated last: an evaluation that is still due comes first after resuming. */
  readonly evaluatedAt: number;
  /** The plan's numbers that must not change between start and resume. */
  readonly plan: { readonly [name: string]: unknown };
}

/** All that a run needs to go on as if it had never stopped. */
export interface TrainingState extends RunProgress {
  readonly parameters: HostRecord;
  /** First and second moments of the trainable parameters. */
  readonly optimizer: { readonly first: HostRecord; readonly second: HostRecord };
  /** Averaged weights of the trainable parameters; null without averaging. */
  readonly average: HostRecord | null;
}

export const modelFile = 'model.safetensors';
const optimizerFile = 'optimizer.safetensors';
const progressFile = 'state.json';

/** `model.safetensors` (the weights alone, for anyone), `optimizer.safetensors`, `state.json`. */
export function encodeState(state: TrainingState, metadata: ReadonlyMap<string, string>): CheckpointFiles {
  const { parameters, optimizer, average, ...progress } = state;
  const inner = new Map<string, HostArray>();
  for (const [prefix, record] of groups(optimizer.first, optimizer.second, average)) {
    for (const [name, tensor] of record) inner.set(`${prefix}.${name}`, tensor);
  }
  return new Map([
    [modelFile, writeSafetensors(parameters, { metadata, file: modelFile })],
    [optimizerFile, writeSafetensors(inner, { file: optimizerFile })],
    [
      progressFile,
      new TextEncoder().encode(`${JSON.stringify({ ...progress, averaged: average !== null }, null, 1)}\n`),
    ],
  ]);
}

/** @throws GLID_CHECKPOINT when a file is missing or does not parse */
export function decodeState(files: CheckpointFiles): TrainingState {
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes) return bytes;
    throw new GlidError('GLID_CHECKPOINT', `The checkpoint has no ${name}.`, {
      fix: 'Resume from another checkpoint.',
    });
  };
  const { averaged, ...progress } = JSON.parse(new TextDecoder().decode(bytesOf(progressFile))) as RunProgress & {
    averaged: boolean;
  };
  const inner = readSafetensors(bytesOf(optimizerFile), { file: optimizerFile });
  const group = (prefix: string): HostRecord => {
    const names = inner.names.filter((name) => name.startsWith(`${prefix}.`));
    return new Map(names.map((name) => [name.slice(prefix.length + 1), inner.tensor(name)]));
  };
  const model = readSafetensors(bytesOf(modelFile), { file: modelFile });
  return {
    ...progress,
    parameters: new Map(model.names.map((name) => [name, model.tensor(name)])),
    optimizer: { first: group('first'), second: group('second') },
    average: averaged ? group('average') : null,
  };
}

function groups(first: HostRecord, second: HostRecord, average: HostRecord | null): [string, HostRecord][] {
  const all: [string, HostRecord][] = [
    ['first', first],
    ['second', second],
  ];
  return average ? [...all, ['average', average]] : all;
}
