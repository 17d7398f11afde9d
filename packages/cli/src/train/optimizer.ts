import type { OptimizerOptions, Schedule } from '@glid/core/train';
import type { OptionValues } from '../command.ts';

type RunOptimizer = Omit<OptimizerOptions, 'layerDecay'> & { readonly layerDecay?: number };

/** AdamW as the options describe it; `defaults` are those of the kind of run. */
export function optimizerOf(
  options: OptionValues,
  steps: number,
  defaults: { readonly learningRate: number; readonly beta2: number },
): RunOptimizer {
  const { clip, layerDecay } = options;
  return {
    learningRate: (options.learningRate as number | undefined) ?? defaults.learningRate,
    beta1: 0.9,
    beta2: defaults.beta2,
    weightDecay: options.weightDecay as number,
    clip: clip as number,
    schedule: scheduleOf(options, steps),
    ...(layerDecay === undefined ? {} : { layerDecay: layerDecay as number }),
  };
}

function scheduleOf({ schedule, warmUp }: OptionValues, steps: number): Schedule {
  if (schedule === 'one-cycle') return { kind: 'one-cycle' };
  const rise = { steps: (warmUp as number | undefined) ?? Math.round(steps / 20) };
  return { kind: schedule as 'cosine' | 'constant', ...(rise.steps > 0 ? { warmUp: rise } : {}) };
}
