import { backendOption } from '../backend/choose-backend.ts';
import type { OptionSpecs, OptionValues } from '../command.ts';
import { dataOptions } from '../data/data-options.ts';
import { usageError } from '../usage-error.ts';

/** Options that pre-training and fine-tuning share. */
export const trainOptions: OptionSpecs = {
  out: {
    kind: 'string',
    placeholder: 'RUN',
    help: 'run folder: config, log, checkpoints, report, model',
    required: true,
  },
  ...dataOptions,
  evalData: { kind: 'string', placeholder: 'PATH', help: 'data to evaluate on, same layout; --data when absent' },
  evalSplit: {
    kind: 'string',
    placeholder: 'NAME',
    help: 'split to evaluate on; the usual names are tried when absent',
  },
  evalList: {
    kind: 'string',
    placeholder: 'FILE',
    help: 'text file that names the pictures to evaluate on, relative to --data',
  },
  evalLimit: { kind: 'integer', placeholder: 'N', help: 'evaluate on the first N pictures', minimum: 1 },
  evalEvery: {
    kind: 'integer',
    placeholder: 'STEPS',
    help: 'evaluate so often (default a fifth of the run)',
    minimum: 1,
  },
  evaluate: { kind: 'boolean', help: 'evaluate during the run; --no-evaluate trains only', default: true },
  from: { kind: 'string', placeholder: 'CKPT', help: 'weights to start from: a .safetensors file or a run folder' },
  backbone: {
    kind: 'string',
    placeholder: 'SIZE|FILE',
    help: 'nano, tiny, small, base, large, or a JSON file with a model configuration; that of --from, or nano',
  },
  steps: { kind: 'integer', placeholder: 'N', help: 'optimiser steps', minimum: 1 },
  epochs: { kind: 'number', placeholder: 'N', help: 'length in passes over the data, in place of --steps' },
  batchSize: { kind: 'integer', placeholder: 'N', help: 'pictures a batch', minimum: 1, default: 8 },
  accumulate: { kind: 'integer', placeholder: 'N', help: 'batches a step', minimum: 1, default: 1 },
  learningRate: { kind: 'number', placeholder: 'LR', help: 'peak rate of AdamW' },
  weightDecay: { kind: 'number', placeholder: 'WD', help: 'of AdamW', minimum: 0, default: 0.05 },
  layerDecay: { kind: 'number', placeholder: 'D', help: 'each encoder layer trains at this share of the next' },
  schedule: {
    kind: 'string',
    help: 'course of the rate',
    choices: ['cosine', 'constant', 'one-cycle'],
    default: 'cosine',
  },
  warmUp: {
    kind: 'integer',
    placeholder: 'STEPS',
    help: 'linear warm-up (default a twentieth of the run)',
    minimum: 0,
  },
  clip: { kind: 'number', placeholder: 'NORM', help: 'global gradient norm', default: 1 },
  average: { kind: 'number', placeholder: 'DECAY', help: 'exponential moving average of the weights' },
  patience: { kind: 'integer', placeholder: 'N', help: 'stop after N evaluations without gain', minimum: 1 },
  overfit: {
    kind: 'integer',
    placeholder: 'N',
    help: 'learn only the first N pictures by heart: a first check',
    minimum: 1,
  },
  recompute: { kind: 'boolean', help: 'less memory for more time' },
  checkpointEvery: { kind: 'integer', placeholder: 'STEPS', help: 'default a tenth of the run', minimum: 1 },
  resume: { kind: 'boolean', help: 'go on with the run in --out; its options need not be repeated' },
  seed: { kind: 'integer', placeholder: 'N', help: 'of everything random', minimum: 0, default: 0 },
  strict: { kind: 'boolean', help: 'fail at the first unreadable picture; otherwise they are skipped and counted' },
  backend: backendOption,
};

/** Length and rhythm of a run. */
export interface Rhythm {
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly checkpointEvery: number;
}

/** Optimiser steps out of `--steps` or `--epochs`, and what follows from them. */
export function rhythm(options: OptionValues, pictures: number, byDefault: number): Rhythm {
  const { steps: given, epochs, accumulate, evalEvery, checkpointEvery } = options;
  if (given !== undefined && epochs !== undefined)
    throw usageError('--steps and --epochs are both given.', 'Give one.');
  if (epochs !== undefined && !((epochs as number) > 0))
    throw usageError(`--epochs is ${epochs}.`, 'Give a number above 0.');
  const own = options.overfit === undefined ? pictures : Math.min(pictures, options.overfit as number);
  const batch = Math.min(own, options.batchSize as number) * (accumulate as number);
  const steps =
    (given as number | undefined) ??
    (epochs === undefined ? byDefault : Math.max(1, Math.ceil(((epochs as number) * own) / batch)));
  return {
    steps,
    evaluateEvery: (evalEvery as number | undefined) ?? Math.max(1, Math.round(steps / 5)),
    checkpointEvery: (checkpointEvery as number | undefined) ?? Math.max(1, Math.round(steps / 10)),
  };
}
