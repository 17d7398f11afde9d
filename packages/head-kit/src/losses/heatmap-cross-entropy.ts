import {
  add,
  div,
  logSoftmax,
  maximum,
  mul,
  neg,
  reshape,
  type Scalar,
  sum,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { total } from './total.ts';

/**
 * Where in the map is the joint? Cross-entropy over a map's cells (Mask R-CNN's loss for keypoints; there the target is one cell): unlike
 * the squared error it cannot be lowered by a map that is empty everywhere. Mean over the joints that count.
 *
 * @param logits `[B, J, H, W]`
 * @param target `[B, J, H, W]`, not negative; each map is divided by its sum
 * @param weights `[B, J]`, 0 for joints that are not annotated
 */
export function heatmapCrossEntropy(logits: Tensor4D, target: Tensor4D, weights: Tensor2D): Scalar {
  const [batch, joints] = logits.shape;
  const flat = [batch, joints, -1];
  const cells = reshape(target, flat);
  const perJoint = neg(sum(mul(cells, logSoftmax(reshape(logits, flat))), 2));
  const masses = add(sum(cells, 2), 1e-12);
  return div(total(mul(div(perJoint, masses), weights)), maximum(total(weights), 1)) as Scalar;
}
