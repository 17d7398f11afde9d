import { GlidError } from '@glid/base';
import { clone } from '@tensorflow/tfjs-core';
import { adamw } from './adamw.ts';
import { type BatchReader, readBatches, streamEnded } from './batch-reader.ts';
import { alone, type Collectives } from './collectives.ts';
import { shouldStop } from './early-stopping.ts';
import type { TrainingEvent } from './events.ts';
import { fromRankZero } from './exchange.ts';
import type { ParameterRecord } from './objective.ts';
import { optimizerStep, type StepResult, type StepSetting } from './optimizer-step.ts';
import { parameterRules } from './parameter-rules.ts';
import { PlateauWatch } from './plateau.ts';
import { RecordedPasses } from './recorded-passes.ts';
import { resume, writeBest, writeState } from './run-checkpoints.ts';
import { evaluateRun } from './run-evaluation.ts';
import { finishedEvent, position, startedEvent, stepEvent, tensorsInUse } from './run-events.ts';
import { disposeRun, freshState, type RunState, replaceEntry, tie } from './run-state.ts';
import { learningRateFactor } from './schedule.ts';
import { checkPlan, planFacts, type TrainPlan } from './train-plan.ts';

/** Events in order; what a run is made of. */
type Events = AsyncGenerator<TrainingEvent, void, undefined>;

/**
 * Trains: the one loop under `pretrain` and `finetune`. Nothing happens until it is iterated; each event is yielded when the
 * thing it tells has happened, and the next step waits for the consumer. Exactly one of `finished`, `aborted`, `failed` comes
 * last; after `failed` the iterator throws the error. Leaving the iteration early ends the run without saving.
 */
export async function* train(plan: TrainPlan): Events {
  let reached = { step: 0, progress: 0 };
  try {
    for await (const event of run(plan)) {
      reached = { step: event.step, progress: event.progress };
      yield event;
    }
  } catch (error) {
    yield { type: 'failed', ...reached, error: error instanceof Error ? error : new Error(String(error)) };
    throw error;
  }
}

/** A run and all that stays the same in it. */
interface Running {
  readonly plan: TrainPlan;
  readonly state: RunState;
  readonly setting: StepSetting;
  readonly collectives: Collectives;
  readonly facts: { readonly [name: string]: unknown };
  /** The step that the newest checkpoint holds. */
  savedAt: number;
}

async function* run(plan: TrainPlan): Events {
  checkPlan(plan);
  const collectives = plan.collectives ?? alone;
  const rules = new Map(parameterRules(plan.objective.specs, { weightDecay: 0, ...plan.optimizer }));
  for (const follower of plan.ties?.keys() ?? []) rules.delete(follower);
  const names = [...rules.keys()];
  const optimizer = adamw(rules, plan.optimizer);
  const facts = planFacts(plan, names);
  await shareParameters(plan.parameters, collectives);
  tie(plan.parameters, plan.ties);
  const state = freshState(plan.parameters, names, optimizer, plan.average !== undefined);
  let reader: BatchReader | undefined;
  const passes = plan.graphs ? new RecordedPasses() : undefined;
  try {
    const found = plan.checkpoints ? await resume(state, plan.checkpoints, facts) : undefined;
    for (const { name, reason } of found?.skipped ?? []) {
      yield { type: 'warning', ...position(state, plan), about: 'damaged-checkpoint', message: `${name}: ${reason}` };
    }
    yield startedEvent(state, plan, names, found?.name);

    // Ranks must stop at the same step, so there the signal is a vote that is counted with the gradients.
    const opened = readBatches(plan.source, state.pictures, collectives.size === 1 ? plan.signal : undefined);
    reader = opened;
    const setting: StepSetting = {
      objective: plan.objective,
      seed: plan.seed,
      names,
      optimizer,
      collectives,
      accumulate: plan.accumulate ?? 1,
      clip: plan.optimizer.clip,
      average: plan.average,
      ties: plan.ties,
      passes,
      next: () => opened.next(),
    };
    yield* steps({ plan, state, setting, collectives, facts, savedAt: found?.state.step ?? -1 });
  } finally {
    await reader?.close();
    passes?.dispose();
    disposeRun(state);
  }
}

async function* steps(running: Running): Events {
  const { plan, state, collectives } = running;
  const { evaluation, checkpoints, signal } = plan;
  const isDue = (every: number | undefined): boolean =>
    every !== undefined && state.step > 0 && (state.step % every === 0 || state.step === plan.steps);
  let aborted = collectives.size === 1 && signal?.aborted === true;
  let made = 0;
  let leaking = false;
  const plateau = new PlateauWatch();
  while (true) {
    if (!aborted && isDue(evaluation?.everySteps) && state.evaluatedAt !== state.step)
      aborted = yield* evaluate(running);
    const over = aborted || state.step >= plan.steps || shouldStop(state.best, evaluation?.stopping);
    if (over || isDue(checkpoints?.everySteps)) yield* save(running);
    if (over) break;

    const before = tensorsInUse();
    const rate = plan.optimizer.learningRate * factorAt(plan, state.step);
    let result: StepResult;
    try {
      const watch = state.step % (plan.watchEvery ?? 50) === 0;
      result = await optimizerStep(state, running.setting, {
        learningRate: rate,
        watch,
        stopVote: signal?.aborted === true,
      });
    } catch (error) {
      if (error !== streamEnded) throw error;
      aborted = true;
      continue;
    }
    const left = tensorsInUse() - before;
    made++;
    yield stepEvent(state, plan, result, rate);
    if (left !== 0 && made >= 2 && !leaking) {
      leaking = true;
      yield* leak(running, left);
    }
    if (result.spread && plan.source.batchSize > 1) {
      for (const message of plateau.see(result.spread)) {
        yield { type: 'warning', ...position(state, plan), about: 'plateau', message };
      }
    }
    aborted = result.stopVotes > 0 || (collectives.size === 1 && signal?.aborted === true);
  }
  if (aborted) {
    yield { type: 'aborted', ...position(state, plan) };
    return;
  }
  for (const [name, average] of Object.entries(state.average ?? {}))
    replaceEntry(state.parameters, name, clone(average));
  tie(state.parameters, plan.ties);
  yield finishedEvent(state, plan);
}

/** Returns whether the run was aborted meanwhile. */
async function* evaluate({ plan, state, collectives }: Running): AsyncGenerator<TrainingEvent, boolean, undefined> {
  const measured = await evaluateRun(state, plan.evaluation!, collectives, plan.signal, plan.ties);
  if (!measured) return true;
  if (collectives.rank > 0) return false;
  yield { type: 'evaluation', ...position(state, plan), ...measured };
  if (measured.best && plan.checkpoints) {
    const began = performance.now();
    const name = await writeBest(state, plan.checkpoints, plan.ties);
    yield { type: 'checkpoint', ...position(state, plan), name, kind: 'best', milliseconds: performance.now() - began };
  }
  return false;
}

async function* save(running: Running): Events {
  const { plan, state } = running;
  if (!plan.checkpoints || state.step === 0 || running.savedAt === state.step) return;
  const began = performance.now();
  const name = await writeState(state, plan.checkpoints, running.facts, running.collectives);
  running.savedAt = state.step;
  const milliseconds = performance.now() - began;
  if (name) yield { type: 'checkpoint', ...position(state, plan), name, kind: 'state', milliseconds };
}

async function* leak({ plan, state }: Running, tensors: number): Events {
  const message = `A step left ${tensors} tensors behind.`;
  if (plan.leaks !== 'fail') {
    yield { type: 'warning', ...position(state, plan), about: 'leak', message };
    return;
  }
  throw new GlidError('GLID_USAGE', message, {
    fix: 'Let the head dispose what `doAssign` makes, and keep nothing made in `doForward` or `doLoss`.',
    details: { tensors, step: state.step },
  });
}

const factorAt = (plan: TrainPlan, step: number): number =>
  learningRateFactor(plan.optimizer.schedule ?? { kind: 'constant' }, step, plan.steps);

/** Rank 0's weights for everybody. */
async function shareParameters(parameters: ParameterRecord, collectives: Collectives): Promise<void> {
  const names = Object.keys(parameters);
  const shared = await fromRankZero(
    collectives,
    names.map((name) => parameters[name]!),
  );
  for (const [i, name] of names.entries()) parameters[name] = shared[i]!;
}
