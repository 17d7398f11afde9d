import { matMul, mul, sigmoid, step, type Tensor1D, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.ts';
import { runGlidKernel } from './kernel.ts';
import { requireShape } from './shape.ts';

/** Masks a word of `maskReadout`: float32 counts exactly up to 2^24. */
export const maskWordBits = 24;

/** An alias, as `tidy` takes no interface. The caller disposes all three. */
export type MaskReadout = {
  /** `[P, G]` whole numbers below 2^24: mask s, where its logit is above 0, is bit s mod 24 of word floor(s / 24). */
  readonly words: Tensor2D;
  /** `[S]` pixels of each mask. */
  readonly areas: Tensor1D;
  /** `[S]` sum of sigmoid(logit) over them. */
  readonly shares: Tensor1D;
};

/** Words a pixel that `count` masks take in `maskReadout`. */
export function maskWords(count: number): number {
  return Math.ceil(count / maskWordBits);
}

/**
 * What is read back of many masks: bits, a 24th of their numbers, and sums over each mask. Kernel: `GlidMaskReadout`. Without gradient.
 * Throws `GLID_SHAPE`.
 *
 * @param logits of S masks at P pixels, `[P, S]`
 */
export function maskReadout(logits: Tensor2D): MaskReadout {
  requireShape(logits.rank === 2, 'maskReadout', 'logits [P, S]', { logits });
  return tidy((): MaskReadout => {
    const fused = runGlidKernel('GlidMaskReadout', { logits }, {});
    if (fused) {
      const [words, areas, shares] = fused as [Tensor2D, Tensor1D, Tensor1D];
      return { words, areas, shares };
    }
    const inside = step(logits);
    return { words: packed(inside), areas: columnSum(inside), shares: columnSum(mul(sigmoid(logits), inside)) };
  });
}

/** Sums of different powers of two are exact in any order. */
function packed(masks: Tensor2D): Tensor2D {
  const count = masks.shape[1];
  const words = maskWords(count);
  const weights = new Float32Array(count * words);
  for (let s = 0; s < count; s++) weights[s * words + Math.floor(s / maskWordBits)] = 2 ** (s % maskWordBits);
  return matMul(masks, tensor2d(weights, [count, words]));
}
