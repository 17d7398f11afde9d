import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { add, mean, mul, reshape, rsqrt, square, sub } from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.ts';
import { differentiable } from './gradient.ts';
import { runGlidKernel } from './kernel.ts';
import { requireShape } from './shape.ts';

/**
 * Layer normalisation over the last axis with biased variance (Ba et al. 2016): `x [..., C]`, `gamma`, `beta [C]` -> `[..., C]`.
 * Kernels: `GlidLayerNorm`, `GlidLayerNormGrad`. Throws `GLID_SHAPE`.
 */
export function layerNorm<T extends Tensor>(x: T, gamma: Tensor1D, beta: Tensor1D, epsilon = 1e-5): T {
  const channels = x.shape[x.rank - 1]!;
  requireShape(
    x.rank >= 1 && gamma.rank === 1 && beta.rank === 1 && gamma.size === channels && beta.size === channels,
    'layerNorm',
    'x [..., C], gamma [C], beta [C]',
    { x, gamma, beta },
  );
  return differentiable<T>(
    [x, gamma, beta],
    (save) => {
      save([x, gamma]);
      const fused = runGlidKernel('GlidLayerNorm', { x, gamma, beta }, { epsilon });
      if (fused) return fused[0] as T;
      return add(mul(standardise(x, epsilon)[0], gamma), beta) as T;
    },
    (dy, saved) => {
      const [x, gamma] = saved as [T, Tensor1D];
      return (
        runGlidKernel('GlidLayerNormGrad', { dy, x, gamma }, { epsilon }) ?? layerNormGradient(dy, x, gamma, epsilon)
      );
    },
  );
}

/** `(x - mean) / sqrt(var + epsilon)` over the last axis, and the reciprocal deviation `[..., 1]`. */
function standardise(x: Tensor, epsilon: number): [normal: Tensor, reciprocal: Tensor] {
  const centred = sub(x, mean(x, -1, true));
  const reciprocal = rsqrt(add(mean(square(centred), -1, true), epsilon));
  return [mul(centred, reciprocal), reciprocal];
}

function layerNormGradient(dy: Tensor, x: Tensor, gamma: Tensor1D, epsilon: number): Tensor[] {
  const channels = gamma.size;
  const [normal, reciprocal] = standardise(x, epsilon);
  const dnormal = mul(dy, gamma);
  const along = mul(normal, mean(mul(dnormal, normal), -1, true));
  const dx = mul(reciprocal, sub(sub(dnormal, mean(dnormal, -1, true)), along));
  const rows = (t: Tensor): Tensor2D => reshape(t, [x.size / Math.max(1, channels), channels]);
  return [dx, columnSum(rows(mul(dy, normal))), columnSum(rows(dy))];
}
