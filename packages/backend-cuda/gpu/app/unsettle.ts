import { Random } from '@glid/base';
import { add, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import type { DetectionModel } from './workload.ts';

/** How far parameters go from where they start. */
const deviation = 0.1;

/**
 * Moves every parameter off its start, as training does: equal queries, biases of zero and scales of one would hide mistakes, and
 * among equal queries gradients cancel until little but rounding is left.
 */
export function unsettle(model: DetectionModel): void {
  for (const [name, parameter] of Object.entries(model.parameters)) {
    const random = Random.derive(7, name);
    const noise = Float32Array.from({ length: parameter.size }, () => deviation * random.normal());
    model.assign({ [name]: tidy((): Tensor => add(parameter, tensor(noise, parameter.shape))) });
  }
}
