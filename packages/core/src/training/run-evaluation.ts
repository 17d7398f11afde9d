import { GlidError } from '@glid/base';
import type { Collectives } from './collectives.ts';
import { updateBest } from './early-stopping.ts';
import type { EvaluationEvent } from './events.ts';
import { evaluatedParameters } from './run-checkpoints.ts';
import type { RunState } from './run-state.ts';
import type { EvaluationOptions } from './train-plan.ts';

/** What an evaluation event tells beside its place in the run. */
export type Measured = Pick<EvaluationEvent, 'metrics' | 'best' | 'milliseconds'>;

/**
 * Measures the weights that count and updates `run.best`. Rank 0 measures, the others learn the watched number from it, so that
 * all stop together. Undefined when the signal fired meanwhile; `run` is unchanged then.
 * @throws GLID_CONFIG when the watched metric is not among those measured
 */
export async function evaluateRun(
  run: RunState,
  options: EvaluationOptions,
  collectives: Collectives,
  signal: AbortSignal | undefined,
  ties?: ReadonlyMap<string, string>,
): Promise<Measured | undefined> {
  const began = performance.now();
  const alone = collectives.size === 1;
  let metrics: Measured['metrics'] = {};
  if (collectives.rank === 0) {
    try {
      ({ metrics } = await options.run(
        evaluatedParameters(run, ties),
        alone && signal ? signal : new AbortController().signal,
      ));
    } catch (error) {
      if (!(alone && signal?.aborted)) throw error;
    }
    if (alone && signal?.aborted) return undefined;
  }
  const value = await watchedValue(metrics, options, collectives);
  const before = run.best;
  if (options.metric) run.best = updateBest(before, options.metric, value, run.step, options.stopping?.minDelta);
  run.evaluatedAt = run.step;
  return {
    metrics,
    best: run.best.stale === 0 && options.metric !== undefined,
    milliseconds: performance.now() - began,
  };
}

/** The watched metric, the same 32 bits on every rank. */
async function watchedValue(
  metrics: Measured['metrics'],
  { metric }: EvaluationOptions,
  collectives: Collectives,
): Promise<number> {
  if (!metric) return Number.NaN;
  const value = metrics[metric.name];
  if (collectives.rank === 0 && value === undefined) {
    throw new GlidError('GLID_CONFIG', `The evaluation has no metric '${metric.name}'.`, {
      fix: `Watch one of: ${Object.keys(metrics).join(', ')}.`,
      details: { metric: metric.name, measured: Object.keys(metrics) },
    });
  }
  if (collectives.size === 1) return value!;
  const cell = Float32Array.of(value ?? Number.NaN);
  await collectives.broadcast(cell, 0);
  return cell[0]!;
}
