import { differentiable } from '@glid/ops';
import {
  abs,
  add,
  concat,
  div,
  maximum,
  minimum,
  mul,
  relu,
  reshape,
  type Scalar,
  scalar,
  sign,
  slice,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { total, totalOver } from './total.ts';

/** Keeps a division by an empty area at 0 / tiny = 0; far below the rounding of any real area. */
const tiny = 1e-12;

/** Boxes `[N, 4]` as centre x, centre y, width, height -> `[N, 4]` as x0, y0, x1, y1. Differentiable; any unit. */
export function boxesToCorners(boxes: Tensor2D): Tensor2D {
  const centre = slice(boxes, [0, 0], [-1, 2]);
  const half = mul(slice(boxes, [0, 2], [-1, 2]), 0.5);
  return concat([sub(centre, half), add(centre, half)], 1) as Tensor2D;
}

/** Intersection over union and its generalised form (Rezatofighi et al. 2019), row by row. Boxes `[N, 4]` as x0 y0 x1 y1 -> `[N]`. */
export function boxOverlap(a: Tensor2D, b: Tensor2D): { readonly iou: Tensor1D; readonly giou: Tensor1D } {
  const [aMin, aMax, bMin, bMax] = [corner(a, 0), corner(a, 2), corner(b, 0), corner(b, 2)];
  const intersection = area(relu(sub(minimum(aMax, bMax), maximum(aMin, bMin))));
  const hull = area(sub(maximum(aMax, bMax), minimum(aMin, bMin)));
  const union = sub(add(area(sub(aMax, aMin)), area(sub(bMax, bMin))), intersection);
  const iou = div(intersection, add(union, tiny));
  const giou = sub(iou, div(sub(hull, union), add(hull, tiny)));
  return { iou: iou as Tensor1D, giou: giou as Tensor1D };
}

/**
 * `sum(1 - GIoU) / normalizer` over matched pairs (Rezatofighi et al. 2019). Corners `[N, 4]`, x0 y0 x1 y1, in any one unit.
 *
 * @param normalizer number of pairs, as a mean over ranks, at least 1
 */
export function giouLoss(predicted: Tensor2D, target: Tensor2D, normalizer: number): Scalar {
  if (predicted.shape[0] === 0) return scalar(0);
  return totalOver(sub(1, boxOverlap(predicted, target).giou), normalizer);
}

/** `sum |predicted - target| / normalizer`, any shape; the slope is 0 where they are equal. Targets get no gradient. */
export function l1Loss(predicted: Tensor, target: Tensor, normalizer: number): Scalar {
  return differentiable<Scalar>(
    [predicted],
    (save) => {
      const difference = sub(predicted, target);
      save([difference]);
      return mul(total(abs(difference)), 1 / normalizer) as Scalar;
    },
    (dy, [difference]) => [mul(sign(difference!), mul(dy, 1 / normalizer))],
  );
}

function corner(boxes: Tensor2D, from: 0 | 2): Tensor2D {
  return slice(boxes, [0, from], [-1, 2]);
}

/** `[N, 2]` width and height -> `[N]`. */
function area(sides: Tensor): Tensor {
  const n = sides.shape[0]!;
  return mul(reshape(slice(sides, [0, 0], [-1, 1]), [n]), reshape(slice(sides, [0, 1], [-1, 1]), [n]));
}
