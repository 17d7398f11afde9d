import type { Tensor } from '@tensorflow/tfjs-core';
import { add, mul, sigmoid, sub } from '@tensorflow/tfjs-core';
import { differentiable } from './gradient.ts';

/** `x sigmoid(x)` (SiLU), any shape. Ramachandran et al. 2017. */
export function swish<T extends Tensor>(x: T): T {
  return differentiable<T>(
    [x],
    (save) => {
      save([x]);
      return swishValue(x);
    },
    (dy, [x]) => [swishGradient(dy, x!)],
  );
}

/** Without a gradient of its own, for use inside `differentiable`. */
export function swishValue<T extends Tensor>(x: T): T {
  return mul(x, sigmoid(x)) as T;
}

/** `dy s (1 + x (1 - s))`, s = sigmoid(x). */
export function swishGradient<T extends Tensor>(dy: T, x: Tensor): T {
  const s = sigmoid(x);
  return mul(dy, mul(s, add(1, mul(x, sub(1, s))))) as T;
}
