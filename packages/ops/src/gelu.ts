import type { Tensor } from '@tensorflow/tfjs-core';
import { add, erf, exp, mul, square } from '@tensorflow/tfjs-core';
import { differentiable } from './gradient.ts';
import { runGlidKernel } from './kernel.ts';

/** Gaussian error linear unit `x Phi(x)`, Phi = (1 + erf(x / sqrt 2)) / 2, any shape. Hendrycks & Gimpel 2016, eq. 2 (not the tanh form). */
export function gelu<T extends Tensor>(x: T): T {
  return differentiable<T>(
    [x],
    (save) => {
      save([x]);
      return geluValue(x);
    },
    (dy, [x]) => [geluGradient(dy, x!)],
  );
}

/** Without a gradient of its own, for use inside `differentiable`. */
export function geluValue<T extends Tensor>(x: T): T {
  const fused = runGlidKernel('GlidGelu', { x }, {});
  if (fused) return fused[0] as T;
  return mul(x, standardNormalCdf(x)) as T;
}

/** `dy (Phi(x) + x phi(x))`. */
export function geluGradient<T extends Tensor>(dy: T, x: Tensor): T {
  const fused = runGlidKernel('GlidGeluGrad', { dy, x }, {});
  if (fused) return fused[0] as T;
  const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return mul(dy, add(standardNormalCdf(x), mul(x, density))) as T;
}

function standardNormalCdf(x: Tensor): Tensor {
  return add(mul(erf(mul(x, Math.SQRT1_2)), 0.5), 0.5);
}
