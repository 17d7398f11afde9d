import { GlidError } from '@glid/base';
import type { AdamWSettings } from './adamw.ts';
import type { BatchSource } from './batch.ts';
import type { CheckpointStore } from './checkpoint/checkpoint-store.ts';
import type { Collectives } from './collectives.ts';
import type { EarlyStopping, WatchedMetric } from './early-stopping.ts';
import type { AveragingOptions } from './ema.ts';
import type { Evaluator, Objective, ParameterRecord } from './objective.ts';
import type { ParameterRuleOptions } from './parameter-rules.ts';
import type { Schedule } from './schedule.ts';

/** AdamW with its rates, decays and freezing. */
export interface OptimizerOptions extends AdamWSettings, Partial<ParameterRuleOptions> {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Default: constant. */
  readonly schedule?: Schedule;
  /** Global norm that gradients are clipped to; absent = not clipped. */
  readonly clip?: number;
}

export interface EvaluationOptions {
  /** Also done after the last step. */
  readonly everySteps: number;
  readonly run: Evaluator;
  /** Selects the best checkpoint and drives early stopping. */
  readonly metric?: WatchedMetric;
  readonly stopping?: EarlyStopping;
}

export interface CheckpointOptions {
  readonly store: CheckpointStore;
  /** Also written after the last step and when the run is aborted. */
  readonly everySteps: number;
  /** Newest states kept, default 2. */
  readonly keep?: number;
  /** Written into `model.safetensors`: what the weights need to be loaded without this run. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** `false` refuses a store that already holds a state instead of going on from it. Default true. */
  readonly resume?: boolean;
}

/** Everything that determines a run. */
export interface TrainPlan {
  readonly objective: Objective;
  /** Updated in place, entry by entry; each replaced tensor is disposed. At the end it holds the averaged weights, if there are. */
  readonly parameters: ParameterRecord;
  readonly source: BatchSource;
  /** Parameters that are always equal to another one, by name -> the name of that one. They are not trained themselves. */
  readonly ties?: ReadonlyMap<string, string>;
  /** Optimiser steps. */
  readonly steps: number;
  readonly optimizer: OptimizerOptions;
  /** Batches a step, default 1. */
  readonly accumulate?: number;
  /** Launch forward and backward passes as recorded graphs; see `RunOptions.graphs`. */
  readonly graphs?: boolean;
  readonly average?: AveragingOptions;
  readonly seed: number;
  readonly evaluation?: EvaluationOptions;
  readonly checkpoints?: CheckpointOptions;
  /** Steps between measurements of output spread, default 50. */
  readonly watchEvery?: number;
  readonly collectives?: Collectives;
  readonly signal?: AbortSignal;
  /** What to do when a step leaves tensors behind: a `warning` event (default) or failure. */
  readonly leaks?: 'warn' | 'fail';
}

/** The plan's numbers that a resumed run must share, as plain data. */
export function planFacts(plan: TrainPlan, trainable: readonly string[]): { readonly [name: string]: unknown } {
  const { optimizer } = plan;
  return {
    seed: plan.seed,
    steps: plan.steps,
    accumulate: plan.accumulate ?? 1,
    learningRate: optimizer.learningRate,
    schedule: optimizer.schedule ?? { kind: 'constant' },
    weightDecay: optimizer.weightDecay ?? 0,
    beta1: optimizer.beta1 ?? 0.9,
    beta2: optimizer.beta2 ?? 0.999,
    epsilon: optimizer.epsilon ?? 1e-8,
    clip: optimizer.clip ?? null,
    layerDecay: optimizer.layerDecay?.rate ?? null,
    learningRates: (optimizer.learningRates ?? []).map(({ match, factor }) => [String(match), factor]),
    average: plan.average?.decay ?? null,
    trainable,
  };
}

/** Names of the facts in which two plans differ. */
export function differingFacts(
  a: { readonly [name: string]: unknown },
  b: { readonly [name: string]: unknown },
): readonly string[] {
  const same = (name: string): boolean => JSON.stringify(a[name]) === JSON.stringify(b[name]);
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => !same(name));
}

/** @throws GLID_CONFIG naming the number that makes no sense */
export function checkPlan(plan: TrainPlan): void {
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  const wrong: [boolean, string][] = [
    [!whole(plan.steps), `steps is ${plan.steps}`],
    [!whole(plan.accumulate ?? 1), `accumulate is ${plan.accumulate}`],
    [!whole(plan.watchEvery ?? 1), `watchEvery is ${plan.watchEvery}`],
    [!whole(plan.evaluation?.everySteps ?? 1), `evaluation.everySteps is ${plan.evaluation?.everySteps}`],
    [!whole(plan.checkpoints?.everySteps ?? 1), `checkpoints.everySteps is ${plan.checkpoints?.everySteps}`],
    [!whole(plan.checkpoints?.keep ?? 1), `checkpoints.keep is ${plan.checkpoints?.keep}`],
    [!(plan.optimizer.learningRate > 0), `learningRate is ${plan.optimizer.learningRate}`],
    [!((plan.optimizer.clip ?? 1) > 0), `clip is ${plan.optimizer.clip}`],
    [!((plan.average?.decay ?? 0) >= 0 && (plan.average?.decay ?? 0) < 1), `average.decay is ${plan.average?.decay}`],
    [plan.evaluation?.stopping !== undefined && !plan.evaluation.metric, 'early stopping has no metric to watch'],
  ];
  const problem = wrong.find(([bad]) => bad)?.[1];
  if (problem === undefined) return;
  throw new GlidError('GLID_CONFIG', `The training plan makes no sense: ${problem}.`, {
    fix: 'Correct it and start again.',
  });
}
