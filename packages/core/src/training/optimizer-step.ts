import { Random } from '@glid/base';
import { globalNorm } from '@glid/ops';
import { scalar, type Tensor } from '@tensorflow/tfjs-core';
import { type Accumulated, accumulateGradients } from './accumulate.ts';
import type { Optimizer } from './adamw.ts';
import type { Batch } from './batch.ts';
import type { Collectives } from './collectives.ts';
import { type AveragingOptions, updateAverage } from './ema.ts';
import type { StepTimes } from './events.ts';
import { sumOverRanks } from './exchange.ts';
import { nonFiniteError } from './non-finite.ts';
import type { Objective, ParameterRecord } from './objective.ts';
import type { RecordedPasses } from './recorded-passes.ts';
import { type RunState, replaceEntry, tie } from './run-state.ts';

/** What does not change from step to step. */
export interface StepSetting {
  readonly objective: Objective;
  readonly seed: number;
  /** Trainable parameters, in the order of the optimiser's rules. */
  readonly names: readonly string[];
  readonly optimizer: Optimizer;
  readonly accumulate: number;
  readonly clip: number | undefined;
  readonly average: AveragingOptions | undefined;
  readonly ties: ReadonlyMap<string, string> | undefined;
  readonly collectives: Collectives;
  readonly passes?: RecordedPasses | undefined;
  /** The next batch of the stream. */
  readonly next: () => Promise<Batch>;
}

/** Numbers of a step that was made. */
export interface StepResult extends Pick<Accumulated, 'terms' | 'spread'> {
  /** Mean over batches and ranks. */
  readonly loss: number;
  readonly gradientNorm: number;
  /** Over all ranks. */
  readonly pictures: number;
  readonly milliseconds: StepTimes;
  /** How many ranks asked to stop. */
  readonly stopVotes: number;
}

/**
 * Accumulate, exchange, check, clip, update, average. Changes `run` only when every number is finite.
 * @throws GLID_NON_FINITE naming loss term and parameter; `run` is as before then
 */
export async function optimizerStep(
  run: RunState,
  setting: StepSetting,
  {
    learningRate,
    watch,
    stopVote,
  }: { readonly learningRate: number; readonly watch: boolean; readonly stopVote: boolean },
): Promise<StepResult> {
  const { objective, names, collectives } = setting;
  const clock = stopwatch();
  let data = 0;
  const next = async (): Promise<Batch> => {
    const began = performance.now();
    const batch = await setting.next();
    data += performance.now() - began;
    return batch;
  };
  // A generator of its own for every step and rank: what is drawn depends on nothing that happened before.
  const random = Random.derive(setting.seed, 'step', run.step, collectives.rank);
  const own = await accumulateGradients(
    { objective, parameters: run.parameters, names, random, collectives, passes: setting.passes, watch },
    next,
    setting.accumulate,
  );
  let gradients = own.gradients;
  const computing = clock() - data;
  try {
    const summed = await sumOverRanks(collectives, gradients, [own.loss, own.pictures, stopVote ? 1 : 0]);
    gradients = summed.tensors;
    const [lossSum, pictures, stopVotes] = summed.numbers as [number, number, number];
    const exchange = clock();
    const scale = 1 / (setting.accumulate * collectives.size);
    const gradientNorm = scale * (await readScalar(globalNorm(gradients)));
    if (!Number.isFinite(lossSum) || !Number.isFinite(gradientNorm)) {
      const parameters = names.map((name) => run.parameters[name]!);
      throw await nonFiniteError({
        step: run.step + 1,
        loss: own.loss,
        terms: own.terms,
        names,
        gradients,
        parameters,
      });
    }
    update(run, setting, gradients, learningRate, scale * clipping(gradientNorm, setting.clip));
    run.pictures += pictures;
    const milliseconds = { data, gradients: computing, exchange, update: clock() };
    const loss = lossSum / collectives.size;
    const spread = own.spread ? { spread: own.spread } : {};
    return { loss, terms: own.terms, gradientNorm, pictures, stopVotes, milliseconds, ...spread };
  } finally {
    for (const gradient of gradients) gradient.dispose();
  }
}

function update(
  run: RunState,
  { optimizer, average, ties }: StepSetting,
  gradients: readonly Tensor[],
  learningRate: number,
  factor: number,
): void {
  const gradientScale = factor === 1 ? undefined : scalar(factor);
  const options = { step: run.step + 1, learningRate, ...(gradientScale ? { gradientScale } : {}) };
  const next = optimizer.update({ parameters: run.parameters, state: run.moments }, gradients, options);
  gradientScale?.dispose();
  for (const [name, tensor] of Object.entries(next.parameters)) replaceEntry(run.parameters, name, tensor);
  tie(run.parameters, ties);
  run.moments = next.state;
  if (run.average && average) {
    const former = run.average;
    run.average = updateAverage(former, run.parameters, run.step, average);
    disposeAll(former);
  }
  run.step++;
}

function disposeAll(record: Readonly<ParameterRecord>): void {
  for (const tensor of Object.values(record)) tensor.dispose();
}

/** The factor of torch's `clip_grad_norm_`: min(1, limit / (norm + 1e-6)). */
function clipping(norm: number, limit: number | undefined): number {
  return limit === undefined ? 1 : Math.min(1, limit / (norm + 1e-6));
}

async function readScalar(tensor: Tensor): Promise<number> {
  const [value] = await tensor.data();
  tensor.dispose();
  return value!;
}

/** Milliseconds since the last call. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return last - before;
  };
}
