import { mul, reshape, type Scalar, scalar, sum, type Tensor } from '@tensorflow/tfjs-core';

/** Sum of all elements, row by row first: keeps float32 sums of millions of pixels exact to rounding. */
export function total(x: Tensor): Scalar {
  if (x.size === 0) return scalar(0);
  const rowLength = x.shape.at(-1) ?? 1;
  if (x.rank < 2 || rowLength < 2) return sum(x) as Scalar;
  return sum(sum(reshape(x, [-1, rowLength]), 1)) as Scalar;
}

/** `total(x) / divisor` for a number known on the host. */
export function totalOver(x: Tensor, divisor: number): Scalar {
  return mul(total(x), 1 / divisor) as Scalar;
}
