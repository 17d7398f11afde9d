import { GlidError } from '../errors.ts';
import type { MaskLike, RleRuns } from './runs.ts';
import { checkSameSize, parseRle } from './runs.ts';

/** Union or intersection of masks of one size, on their runs. Throws `GLID_DATA` when sizes differ, `GLID_USAGE` for no mask. */
export function mergeMasks(masks: readonly MaskLike[], how: 'union' | 'intersection' = 'union'): RleRuns {
  const [first, ...rest] = masks;
  if (first === undefined) {
    throw new GlidError('GLID_USAGE', 'No masks to merge.', { fix: 'Pass at least one mask.' });
  }
  return rest.reduce<RleRuns>((merged, mask) => mergeTwo(merged, parseRle(mask), how), parseRle(first));
}

function mergeTwo(a: RleRuns, b: RleRuns, how: 'union' | 'intersection'): RleRuns {
  checkSameSize(a, b);
  const total = a.size[0] * a.size[1];
  const both = how === 'intersection' ? 2 : 1;
  const counts: number[] = [];
  let i = 0;
  let j = 0;
  let endA = a.counts[0]!;
  let endB = b.counts[0]!;
  let set = false;
  let start = 0;
  for (let position = 0; position < total; ) {
    while (endA <= position) endA += a.counts[++i]!;
    while (endB <= position) endB += b.counts[++j]!;
    const now = (i & 1) + (j & 1) >= both;
    if (now !== set) {
      counts.push(position - start);
      start = position;
      set = now;
    }
    position = Math.min(endA, endB);
  }
  counts.push(total - start);
  return { size: a.size, counts: new Uint32Array(counts) };
}
