import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { reshape, transpose } from '@tensorflow/tfjs-core';

/** `[B, L, heads * D]` -> `[B, heads, L, D]`. */
export function splitHeads(x: Tensor3D, heads: number): Tensor4D {
  const [batch, length, channels] = x.shape;
  const split = reshape(x, [batch, length, heads, channels / heads]);
  return transpose(split, [0, 2, 1, 3]) as Tensor4D;
}

/** `[B, heads, L, D]` -> `[B, L, heads * D]`. */
export function mergeHeads(x: Tensor4D): Tensor3D {
  const [batch, heads, length, size] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, length, heads * size]) as Tensor3D;
}
