import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { addN, div, minimum, mul, scalar, sqrt, square, sum, tidy } from '@tensorflow/tfjs-core';
import { inputNames } from './input-names.ts';
import { runOnAll } from './kernel.ts';

/** `sqrt(sum of all squares)` over tensors of any shapes -> scalar. Kernel: `GlidGlobalNorm`. */
export function globalNorm(tensors: readonly Tensor[]): Scalar {
  if (tensors.length === 0) return scalar(0);
  const named: Record<string, Tensor> = {};
  for (const [i, name] of inputNames('x', tensors.length).entries()) named[name] = tensors[i]!;
  const fused = runOnAll('GlidGlobalNorm', named as Readonly<Record<`x${number}`, Tensor>>, { count: tensors.length });
  if (fused) return fused[0] as Scalar;
  return tidy(() => sqrt(addN(tensors.map((x) => sum(square(x))))) as Scalar);
}

/** The factor `min(1, maximumNorm / (norm + 1e-6))` of torch's `clip_grad_norm_`; hand it to `adamwStep` as `gradientScale`. */
export function clipFactor(norm: Scalar, maximumNorm: number): Scalar {
  return tidy(() => minimum(div(maximumNorm, addN([norm, scalar(1e-6)])), 1) as Scalar);
}

/** All tensors times `clipFactor(globalNorm(tensors), maximumNorm)`, and the norm before. */
export function clipByGlobalNorm<T extends Tensor>(
  tensors: readonly T[],
  maximumNorm: number,
): { clipped: T[]; norm: Scalar } {
  return tidy(() => {
    const norm = globalNorm(tensors);
    const factor = clipFactor(norm, maximumNorm);
    return { clipped: tensors.map((x) => mul(x, factor) as T), norm };
  });
}
