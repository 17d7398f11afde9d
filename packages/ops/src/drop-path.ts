import type { Random } from '@glid/base';
import type { Tensor } from '@tensorflow/tfjs-core';
import { mul, tensor } from '@tensorflow/tfjs-core';
import { requireOption } from './shape.ts';

/** One draw a sample: 1 keeps the branch, 0 drops it. Draw it outside of the differentiated function so that recomputation sees the same. */
export function drawKeepMask(random: Random, batch: number, keepProbability: number): Float32Array {
  return Float32Array.from({ length: batch }, () => (random.boolean(keepProbability) ? 1 : 0));
}

/**
 * Stochastic depth (Huang et al. 2016): `x [B, ...]` times `keep[b] / keepProbability`, so that its mean is unchanged.
 * Throws `GLID_USAGE`.
 */
export function dropPath<T extends Tensor>(x: T, keep: ArrayLike<number>, keepProbability: number): T {
  const batch = x.shape[0]!;
  requireOption(keep.length === batch, 'dropPath', `keep needs one entry a sample (${batch}), got ${keep.length}`);
  requireOption(
    keepProbability > 0 && keepProbability <= 1,
    'dropPath',
    `keepProbability must lie in (0, 1], got ${keepProbability}`,
  );
  const factors = Float32Array.from(keep, (kept) => kept / keepProbability);
  const shape = [batch, ...new Array<number>(x.rank - 1).fill(1)];
  return mul(x, tensor(factors, shape)) as T;
}
