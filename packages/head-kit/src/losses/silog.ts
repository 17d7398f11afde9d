import {
  add,
  div,
  log,
  maximum,
  mul,
  type Scalar,
  scalar,
  sqrt,
  square,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { total } from './total.ts';

/** Which published form of the scale-invariant log loss. */
export interface SilogForm {
  /** Variance divided by n - 1 (`torch.var`) or by n. */
  readonly unbiased: boolean;
  /** Weight of the squared mean beside the variance; 0.15 is "lambda = 0.85". */
  readonly meanWeight: number;
  /** Added to both depths before the logarithm, metres. */
  readonly epsilon: number;
  readonly scale: number;
}

/** AdaBins: `10 sqrt(var(g) + 0.15 mean(g)^2)`, unbiased. */
export const adabinsSilog: SilogForm = { unbiased: true, meanWeight: 0.15, epsilon: 0, scale: 10 };
/** BinsFormer (`SigLoss`, weight 10): as AdaBins, with 1e-3 added inside both logarithms. */
export const binsformerSilog: SilogForm = { unbiased: true, meanWeight: 0.15, epsilon: 1e-3, scale: 10 };
/** BTS: `10 sqrt(mean(g^2) - 0.85 mean(g)^2)`, which is the biased variance plus 0.15 of the squared mean. */
export const btsSilog: SilogForm = { unbiased: false, meanWeight: 0.15, epsilon: 0, scale: 10 };

/**
 * Scale-invariant logarithmic depth loss over the valid pixels of the whole batch, g = log predicted - log target
 * (Eigen et al. 2014). Where nothing is valid, and where the prediction is perfect, the loss is `scale * 1e-6`, without slope.
 *
 * @param predicted metres, any shape; positive where valid
 * @param target metres, the same shape  @param valid the same shape, 1 where the target is known, else 0
 */
export function silogLoss(predicted: Tensor, target: Tensor, valid: Tensor, form: SilogForm = adabinsSilog): Scalar {
  const invalid = sub(1, valid);
  // Invalid pixels become 1 on both sides, so that their g is exactly 0 and no logarithm of 0 is taken.
  const logOf = (depth: Tensor): Tensor => log(add(mul(add(depth, form.epsilon), valid), invalid));
  const g = sub(logOf(predicted), logOf(target));
  const count = total(valid);
  const atLeastOne = (n: Tensor): Tensor => maximum(n, scalar(1));
  const mean = div(total(g), atLeastOne(count));
  const spread = total(square(mul(sub(g, mean), valid)));
  const variance = div(spread, atLeastOne(form.unbiased ? sub(count, 1) : count));
  const inside = add(variance, mul(square(mean), form.meanWeight));
  // The slope of the root at 0 is infinite: a perfect prediction stays at its floor, without slope.
  const floored = maximum(inside as Scalar, scalar(1e-12));
  return mul(sqrt(floored), form.scale) as Scalar;
}
