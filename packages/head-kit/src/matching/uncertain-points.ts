import { GlidError, type Random } from '@glid/base';

/** How many points of a mask are looked at and kept (Mask2Former: 12544, 3, 0.75). */
export interface PointSampling {
  /** P: points a mask. */
  readonly points: number;
  /** Candidates a kept point. */
  readonly oversample: number;
  /** Share of the points that are the most uncertain candidates; the rest is uniform. */
  readonly importance: number;
}

/** Uniform points in the unit square: `[count, 2]` as x, y in 0..1. */
export function uniformPoints(count: number, random: Random): Float32Array {
  return random.fillUniform(new Float32Array(count * 2));
}

/** Number of candidates a mask, of the uncertain ones kept, and of uniform ones added. */
export function pointCounts({ points, oversample, importance }: PointSampling): {
  readonly candidates: number;
  readonly uncertain: number;
  readonly uniform: number;
} {
  const uncertain = Math.trunc(importance * points);
  return { candidates: Math.trunc(points * oversample), uncertain, uniform: points - uncertain };
}

/**
 * Keeps of each mask's candidates those whose logit is nearest to 0, and appends the extra points (PointRend, Mask2Former).
 * Runs on the host, in linear time, after one read-back of the candidates' logits.
 *
 * @param candidates `[N, C, 2]`  @param logits `[N, C]` of the prediction at the candidates
 * @param extra `[N, E, 2]`  @param keep number of candidates kept a mask  @returns `[N, keep + E, 2]`
 */
export function uncertainPoints(
  candidates: Float32Array,
  logits: ArrayLike<number>,
  extra: Float32Array,
  masks: number,
  keep: number,
): Float32Array {
  const count = logits.length / Math.max(1, masks);
  if (candidates.length !== logits.length * 2 || keep > count) {
    throw new GlidError(
      'GLID_SHAPE',
      `Cannot keep ${keep} of ${count} candidates given by ${candidates.length} coordinates.`,
      {
        fix: 'Pass two coordinates and one logit a candidate, and at least as many candidates as are kept.',
      },
    );
  }
  const more = extra.length / Math.max(1, masks);
  const width = keep * 2 + more;
  const out = new Float32Array(masks * width);
  // One place more: a candidate is written before it is known whether it is kept.
  const kept = new Float32Array(keep * 2 + 2);
  const doubts = new Float32Array(count);
  const bits = new Int32Array(doubts.buffer);
  for (let n = 0; n < masks; n++) {
    const first = n * count;
    for (let i = 0; i < count; i++) doubts[i] = Math.abs(logits[first + i]!);
    if (keep > 0) {
      const { limit, below } = valueAtRank(bits, keep - 1);
      let ties = keep - below;
      for (let i = 0, from = 2 * first, to = 0; i < count; i++, from += 2) {
        kept[to] = candidates[from]!;
        kept[to + 1] = candidates[from + 1]!;
        // 2 where the sign of the difference is set: no branch, which would be mispredicted every few candidates.
        to += ((bits[i]! - limit) >>> 31) << 1;
        if (bits[i] === limit && ties > 0) {
          ties--;
          to += 2;
        }
      }
      out.set(kept.subarray(0, keep * 2), n * width);
    }
    out.set(extra.subarray(n * more, (n + 1) * more), n * width + keep * 2);
  }
  return out;
}

/**
 * The value that sorting would put at `rank`, and how many are below it. Values are the bits of float32 numbers that are not negative, whose order is
 * that of the numbers. Radix selection: eleven bits, then eleven, then nine are settled by a count each, of those values that agree so far.
 */
function valueAtRank(values: Int32Array, rank: number): { limit: number; below: number } {
  const counts = new Int32Array(2048);
  const same = values.slice();
  let left = same.length;
  let limit = 0;
  let below = 0;
  for (const shift of [20, 9, 0]) {
    counts.fill(0);
    for (let i = 0; i < left; i++) counts[(same[i]! >>> shift) & 2047]!++;
    let digit = 0;
    while (below + counts[digit]! <= rank) below += counts[digit++]!;
    limit |= digit << shift;
    let kept = 0;
    for (let i = 0; i < left; i++) {
      const value = same[i]!;
      same[kept] = value;
      // 1 where the difference is 0, without a branch.
      const difference = (value >>> shift) - (limit >>> shift);
      kept += 1 - ((difference | -difference) >>> 31);
    }
    left = kept;
  }
  return { limit, below };
}
