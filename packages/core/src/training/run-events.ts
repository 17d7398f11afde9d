import { constantsInUse } from '@glid/ops';
import { memory } from '@tensorflow/tfjs-core';
import { alone } from './collectives.ts';
import type { FinishedEvent, StartedEvent, StepEvent } from './events.ts';
import type { StepResult } from './optimizer-step.ts';
import type { RunState } from './run-state.ts';
import type { TrainPlan } from './train-plan.ts';

/** Where a run is. */
export function position(run: RunState, plan: TrainPlan): { step: number; progress: number } {
  return { step: run.step, progress: run.step / plan.steps };
}

export function startedEvent(
  run: RunState,
  plan: TrainPlan,
  trainable: readonly string[],
  from?: string,
): StartedEvent {
  const isTrainable = new Set(trainable);
  const count = (wanted: boolean): { parameters: number; numbers: number } => {
    const chosen = Object.entries(plan.parameters).filter(([name]) => isTrainable.has(name) === wanted);
    return { parameters: chosen.length, numbers: chosen.reduce((sum, [, tensor]) => sum + tensor.size, 0) };
  };
  return {
    type: 'started',
    ...position(run, plan),
    totalSteps: plan.steps,
    resumedFrom: from ?? null,
    trainable: count(true),
    frozen: count(false),
    ranks: (plan.collectives ?? alone).size,
  };
}

export function stepEvent(run: RunState, plan: TrainPlan, step: StepResult, learningRate: number): StepEvent {
  const total = Object.values(step.milliseconds).reduce((sum, part) => sum + part, 0);
  return {
    type: 'step',
    ...position(run, plan),
    epoch: run.pictures / plan.source.pictures,
    pictures: run.pictures,
    loss: step.loss,
    terms: step.terms,
    learningRate,
    gradientNorm: step.gradientNorm,
    picturesPerSecond: (1000 * step.pictures) / total,
    milliseconds: step.milliseconds,
    ...(step.spread ? { spread: step.spread } : {}),
  };
}

export function finishedEvent(run: RunState, plan: TrainPlan): FinishedEvent {
  const { value, step } = run.best;
  return {
    type: 'finished',
    step: run.step,
    progress: 1,
    reason: run.step >= plan.steps ? 'all-steps' : 'early-stopping',
    best: value === null ? null : { step, value },
  };
}

/** Tensors alive, apart from the ops' cache of constants. */
export function tensorsInUse(): number {
  return memory().numTensors - constantsInUse().count;
}
