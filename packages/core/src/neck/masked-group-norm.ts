import {
  add,
  matMul,
  mul,
  type Rank,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { type GridMask, maskColumn } from '../encoder/validity.ts';
import { resident } from '../parameters/resident.ts';

/** What the statistics of pictures of different sizes need: their mask, and one over their numbers of values. */
export interface PictureArea {
  readonly mask: GridMask;
  /** For each picture, 1 / (cells inside it). `[B]` */
  readonly inverse: Float32Array;
}

/** Group normalisation whose mean and variance count the cells inside each picture only. `x [B, H, W, C]` */
export function maskedGroupNorm(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  groups: number,
  area: PictureArea,
  epsilon = 1e-5,
): Tensor4D {
  const [batch, , , channels] = x.shape;
  const inside = maskColumn(area.mask);
  const share = mul(resident<Rank.R2>(area.inverse, [batch, 1]), groups / channels);
  const spread = sameGroup(channels, groups);
  const mean = (t: Tensor4D): Tensor4D =>
    reshape(mul(matMul(sum(t, [1, 2]) as Tensor2D, spread), share), [batch, 1, 1, channels]);
  const centred = mul(sub(x, mean(mul(x, inside))), inside) as Tensor4D;
  const scale = mul(rsqrt(add(mean(square(centred)), epsilon)), gamma);
  return add(mul(centred, scale), beta) as Tensor4D;
}

const spreads = new Map<string, Float32Array>();

/** `[C, C]`, 1 where two channels share a group. */
function sameGroup(channels: number, groups: number): Tensor2D {
  const key = `${channels}/${groups}`;
  let values = spreads.get(key);
  if (!values) {
    const size = channels / groups;
    values = Float32Array.from({ length: channels * channels }, (_, i) =>
      Math.floor(Math.floor(i / channels) / size) === Math.floor((i % channels) / size) ? 1 : 0,
    );
    spreads.set(key, values);
  }
  return resident<Rank.R2>(values, [channels, channels]);
}
