import { constantTensor, maskGreater, withoutGradient } from '@glid/ops';
import {
  add,
  mean,
  mul,
  neg,
  reshape,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import { totalOver } from './total.ts';

/**
 * Heat-map loss: the mean over batch, joints and pixels of `(w p - w t)^2` (ViTPose; the mean over joints of each joint's mean).
 * HRNet and SimpleBaseline publish half of it: pass `factor` 0.5.
 *
 * @param predicted `[B, J, H, W]`  @param target `[B, J, H, W]`  @param weights `[B, J]`, 0 for joints that are not annotated
 */
export function heatmapMse(predicted: Tensor4D, target: Tensor4D, weights: Tensor2D, factor = 1): Scalar {
  return totalOver(weightedSquares(predicted, target, weights), predicted.size / factor);
}

/**
 * Online hard keypoint mining (HRNet): of each picture only the `hardest` joints count; mean over those and over pictures.
 *
 * @param predicted `[B, J, H, W]`  @param target `[B, J, H, W]`  @param weights `[B, J]`
 */
export function heatmapOhkm(
  predicted: Tensor4D,
  target: Tensor4D,
  weights: Tensor2D,
  hardest = 8,
  factor = 0.5,
): Scalar {
  const [batch, joints] = predicted.shape;
  const perJoint = mul(mean(reshape(weightedSquares(predicted, target, weights), [batch, joints, -1]), 2), factor);
  const kept = withoutGradient(() => hardestOf(perJoint, hardest));
  return totalOver(mul(perJoint, kept), batch * Math.min(hardest, joints));
}

function weightedSquares(predicted: Tensor4D, target: Tensor4D, weights: Tensor2D): Tensor4D {
  const w = reshape(weights, [...weights.shape, 1, 1]);
  return square(mul(sub(predicted, target), w)) as Tensor4D;
}

/** `[B, J]` losses -> 1 where fewer than `count` joints of the picture are harder (of equals, the earlier counts as harder). */
function hardestOf(losses: Tensor, count: number): Tensor {
  const [batch, joints] = losses.shape as [number, number];
  const difference = sub(reshape(losses, [batch, 1, joints]), reshape(losses, [batch, joints, 1]));
  const harder = maskGreater(difference, 0);
  const equal = sub(sub(1, harder), maskGreater(neg(difference), 0));
  const before = constantTensor(`heatmap-ohkm/before/${joints}`, () => earlier(joints));
  const rank = sum(add(harder, mul(equal, before)), 2);
  return sub(1, maskGreater(rank, count - 0.5));
}

/** `[1, J, J]`: 1 where the second joint comes before the first. */
function earlier(joints: number): Tensor {
  const values = Float32Array.from({ length: joints * joints }, (_, i) =>
    i % joints < Math.floor(i / joints) ? 1 : 0,
  );
  return tensor(values, [1, joints, joints]);
}
