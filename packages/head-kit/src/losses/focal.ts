import { differentiable } from '@glid/ops';
import { add, mul, pow, type Scalar, sigmoid, sub, type Tensor } from '@tensorflow/tfjs-core';
import { softplusValue } from './sigmoid-cross-entropy.ts';
import { totalOver } from './total.ts';

export interface FocalOptions {
  /** Weight of positives; negatives have 1 - alpha. Negative = no such weights. */
  readonly alpha?: number;
  /** Power of the modulating factor (1 - p_t). */
  readonly gamma?: number;
}

/**
 * Sigmoid focal loss of each logit (Lin et al. 2017): `alpha_t (1 - p_t)^gamma * crossEntropy`, alpha 0.25, gamma 2.
 *
 * @param logits any shape  @param targets the same shape, 0 or 1  @returns the same shape
 */
export function sigmoidFocal<T extends Tensor>(logits: T, targets: Tensor, options: FocalOptions = {}): T {
  const { alpha = 0.25, gamma = 2 } = options;
  return differentiable<T>(
    [logits],
    (save) => {
      const parts = focalParts(logits, targets, alpha, gamma);
      save([logits, targets]);
      return mul(mul(parts.weight, parts.modulator), parts.crossEntropy) as T;
    },
    (dy, [x, t]) => {
      const { p, weight, miss, modulator, crossEntropy } = focalParts(x!, t!, alpha, gamma);
      // d miss / dx = (1 - 2t) p (1 - p)
      const slope = mul(sub(1, mul(t!, 2)), mul(p, sub(1, p)));
      const fromModulator = mul(mul(crossEntropy, mul(power(miss, gamma - 1), gamma)), slope);
      return [mul(dy, mul(weight, add(mul(sub(p, t!), modulator), fromModulator)))];
    },
  );
}

/** Focal loss of masks: mean over points, sum over masks, divided by `normalizer` (DETR segmentation). `[N, P]` each. */
export function maskFocalLoss(logits: Tensor, targets: Tensor, normalizer: number, options: FocalOptions = {}): Scalar {
  return totalOver(sigmoidFocal(logits, targets, options), normalizer * Math.max(1, logits.shape.at(-1) ?? 1));
}

function focalParts(
  x: Tensor,
  t: Tensor,
  alpha: number,
  gamma: number,
): Record<'p' | 'weight' | 'miss' | 'modulator' | 'crossEntropy', Tensor> {
  const p = sigmoid(x);
  // 1 - p_t = p + t - 2 p t for targets of 0 or 1
  const miss = sub(add(p, t), mul(mul(p, t), 2));
  return {
    p,
    miss,
    weight: alpha < 0 ? add(mul(t, 0), 1) : add(mul(t, 2 * alpha - 1), 1 - alpha),
    modulator: power(miss, gamma),
    crossEntropy: sub(softplusValue(x), mul(x, t)),
  };
}

function power(x: Tensor, exponent: number): Tensor {
  if (exponent === 1) return x;
  return exponent === 2 ? mul(x, x) : pow(x, exponent);
}
