import { customGrad, type Tensor, zerosLike } from '@tensorflow/tfjs-core';
import { nestedGradients, observingInputs } from './open-tape.ts';

/**
 * Applies `block` without keeping its inner tensors for the backward pass, which computes them again: memory for time
 * (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
 *
 * @param block pure and deterministic in its arguments: draw masks of random depth outside and close over them. Gradients
 *   flow to `x` and to `parameters` only; tensors that the block closes over stay readable until the backward pass is done.
 * @returns the block's one output; the same numbers and gradients as `block(x, parameters)`
 */
export function recompute<P extends Readonly<Record<string, Tensor>>, X extends Tensor, Y extends Tensor>(
  block: (x: X, parameters: P) => Y,
  x: X,
  parameters: P,
): Y {
  const names = Object.keys(parameters);
  const apply = (first: Tensor, rest: readonly Tensor[]): Y =>
    block(first as X, Object.fromEntries(names.map((name, i) => [name, rest[i]!])) as unknown as P);

  const op = customGrad((...args) => {
    const inputs = args.slice(0, -1) as Tensor[];
    const save = args.at(-1) as (tensors: Tensor[]) => void;
    const { result, outside } = observingInputs(() => apply(inputs[0]!, inputs.slice(1)), inputs);
    // A saved tensor is a second holder of the same data, so the block may use the first even after its scope has ended.
    save([...inputs, ...outside]);
    return {
      value: result,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const own = saved.slice(0, inputs.length);
        const gradients = nestedGradients(() => apply(own[0]!, own.slice(1)), own, dy);
        return gradients.map((gradient, i) => gradient ?? zerosLike(own[i]!));
      },
    };
  });
  return op(x, ...names.map((name) => parameters[name]!)) as Y;
}
