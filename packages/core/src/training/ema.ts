import { add, mul, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { ParameterRecord } from './objective.ts';

/** Exponential moving average of the weights. */
export interface AveragingOptions {
  readonly decay: number;
}

/**
 * `decay` of the average and the rest of the new weights; young averages follow faster: min(decay, (1 + step) / (10 + step)).
 * Returns new tensors; the caller disposes the old ones.
 */
export function updateAverage(
  average: Readonly<ParameterRecord>,
  parameters: Readonly<ParameterRecord>,
  step: number,
  options: AveragingOptions,
): ParameterRecord {
  const decay = Math.min(options.decay, (1 + step) / (10 + step));
  const next: ParameterRecord = {};
  for (const [name, old] of Object.entries(average)) {
    next[name] = tidy((): Tensor => add(mul(old, decay), mul(parameters[name]!, 1 - decay)));
  }
  return next;
}
