import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { sum } from '@tensorflow/tfjs-core';
import { runGlidKernel } from './kernel.ts';

/** `[M, N]` -> `[N]`: the reduction of every bias, scale and shift gradient. It has no gradient: for gradients, and what needs none. */
export function columnSum(x: Tensor2D): Tensor1D {
  const fused = runGlidKernel('GlidColumnSum', { x }, {});
  return (fused?.[0] ?? sum(x, 0)) as Tensor1D;
}
