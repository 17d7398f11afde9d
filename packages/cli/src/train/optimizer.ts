import type { OptimizerOptions, Schedule } from '@glid/core/train';
import type { OptionValues } from '../command.ts';
import { usageError } from '../usage-error.ts';

type RunOptimizer = Omit<OptimizerOptions, 'layerDecay'> & { readonly layerDecay?: number };

/** What a kind of run takes where no option says otherwise. */
export interface OptimizerDefaults {
  readonly learningRate: number;
  readonly beta2: number;
}

/** AdamW as the options describe it. */
export function optimizerOf(options: OptionValues, steps: number, defaults: OptimizerDefaults): RunOptimizer {
  const { clip, layerDecay, queryRate = 1 } = options;
  if (!((queryRate as number) > 0)) throw usageError(`--query-rate is ${queryRate}.`, 'Give a number above 0.');
  return {
    learningRate: (options.learningRate as number | undefined) ?? defaults.learningRate,
    beta1: 0.9,
    beta2: defaults.beta2,
    weightDecay: options.weightDecay as number,
    clip: clip as number,
    schedule: scheduleOf(options, steps),
    ...(queryRate === 1 ? {} : { learningRates: [{ match: 'queries.*.embedding', factor: queryRate as number }] }),
    ...(layerDecay === undefined ? {} : { layerDecay: layerDecay as number }),
  };
}

function scheduleOf({ schedule, warmUp }: OptionValues, steps: number): Schedule {
  if (schedule === 'one-cycle') return { kind: 'one-cycle' };
  const rise = { steps: (warmUp as number | undefined) ?? Math.round(steps / 20) };
  return { kind: schedule as 'cosine' | 'constant', ...(rise.steps > 0 ? { warmUp: rise } : {}) };
}
