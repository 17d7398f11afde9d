import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import { clone, customGrad, engine, tidy } from '@tensorflow/tfjs-core';
import { observed } from './observed.ts';

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
  if (!observed()) return withoutTemporaries(() => forward(keepNothing));
  const run = customGrad<T>((...args) => ({
    value: forward(args[args.length - 1] as GradSaveFunc),
    gradFunc: (dy: T, saved: Tensor[]) => tidy(() => backward(dy, saved)),
  }));
  return run(...inputs);
}

const keepNothing = (): void => {};

/** `tidy` for what returns one tensor, and mostly makes no other: it opens no scope of its own. */
function withoutTemporaries<T extends Tensor>(compute: () => T): T {
  const scope = engine().state.activeScope;
  if (scope === null || scope === undefined) return tidy(compute);
  const { track } = scope;
  const first = track.length;
  const result = compute();
  if (track.length === first + 1 && track[first] === result) return result;
  let kept = first;
  for (let i = first; i < track.length; i++) {
    const made = track[i]!;
    if (made === result || made.kept) track[kept++] = made;
    else made.dispose();
  }
  track.length = kept;
  return result;
}

/** Computes without recording: the result is a constant to every gradient. For masks, indices and targets. */
export function withoutGradient<T extends Tensor>(compute: () => T): T {
  return differentiable<T>([], compute, () => []);
}

/** The same values, as a constant: no gradient flows through, and none is computed. */
export function stopGradient<T extends Tensor>(x: T): T {
  return withoutGradient(() => clone(x));
}
