import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import { clone, customGrad, tidy } from '@tensorflow/tfjs-core';

/**
 * An op with an explicit gradient: nothing inside `forward` or `backward` is recorded on the tape.
 * `forward` returns a new tensor (never one of the inputs); tensors that `backward` needs go through `save`, which keeps them only
 * while a tape is open. `backward` returns one new tensor an input (never `dy` itself: the tape disposes what it accumulates).
 * Temporaries of both are disposed at once.
 */
export function differentiable<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: (save: (tensors: Tensor[]) => void) => T,
  backward: (dy: T, saved: readonly Tensor[]) => Tensor[],
): T {
  const run = customGrad<T>((...args) => ({
    value: forward(args[args.length - 1] as GradSaveFunc),
    gradFunc: (dy: T, saved: Tensor[]) => tidy(() => backward(dy, saved)),
  }));
  return run(...inputs);
}

/** Computes without recording: the result is a constant to every gradient. For masks, indices and targets. */
export function withoutGradient<T extends Tensor>(compute: () => T): T {
  return differentiable<T>([], compute, () => []);
}

/** The same values, as a constant: no gradient flows through, and none is computed. */
export function stopGradient<T extends Tensor>(x: T): T {
  return withoutGradient(() => clone(x));
}
