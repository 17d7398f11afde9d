import {
  add,
  argMax,
  cast,
  gather,
  mul,
  neg,
  onesLike,
  range,
  reshape,
  sigmoid,
  stack,
  step,
  sub,
  type Tensor1D,
  type Tensor2D,
  tidy,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.ts';
import { runGlidKernel } from './kernel.ts';
import { requireShape } from './shape.ts';

/** An alias, as `tidy` takes no interface. The caller disposes all four. */
export type MaskContest = {
  /** `[P]` int32: the mask with the largest `score * sigmoid(logit)` at each pixel, of equal ones the first. */
  readonly winner: Tensor1D;
  /** `[P]` int32: 1 where the winner's own logit is at least 0. */
  readonly inside: Tensor1D;
  /** `[S]` pixels where the logit is at least 0. */
  readonly areas: Tensor1D;
  /** `[S, 2]` pixels that each mask won, and those of them inside it. */
  readonly taken: Tensor2D;
};

/**
 * Masks compete for pixels (Mask2Former's panoptic inference). Kernel: `GlidMaskContest`. Without gradient. Throws `GLID_SHAPE`.
 *
 * @param logits of S masks at P pixels, `[P, S]`, S > 0
 * @param scores of the masks, `[S]`, not negative
 */
export function maskContest(logits: Tensor2D, scores: Tensor1D): MaskContest {
  const [pixels, count] = logits.shape;
  requireShape(
    logits.rank === 2 && count > 0 && scores.rank === 1 && scores.shape[0] === count,
    'maskContest',
    'logits [P, S] and scores [S], S > 0',
    { logits, scores },
  );
  return tidy((): MaskContest => {
    const fused = runGlidKernel('GlidMaskContest', { logits, scores }, {});
    if (fused) {
      const [winner, inside, areas, taken] = fused as [Tensor1D, Tensor1D, Tensor1D, Tensor2D];
      return { winner, inside, areas, taken };
    }
    const winner = argMax(mul(sigmoid(logits), scores), 1) as Tensor1D;
    const outside = step(neg(logits)) as Tensor2D;
    const areas = sub(pixels, columnSum(outside)) as Tensor1D;
    const places = add(range(0, pixels * count, count, 'int32'), winner) as Tensor1D;
    const inside = sub(1, gather(reshape(outside, [pixels * count]), places)) as Tensor1D;
    const taken = unsortedSegmentSum(stack([onesLike(inside), inside], 1), winner, count) as Tensor2D;
    return { winner, inside: cast(inside, 'int32'), areas, taken };
  });
}
