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
  const doubt = new Float32Array(count);
  const scratch = new Float32Array(count);
  for (let n = 0; n < masks; n++) {
    const first = n * count;
    for (let i = 0; i < count; i++) doubt[i] = Math.abs(logits[first + i]!);
    let to = n * width;
    if (keep > 0) {
      scratch.set(doubt);
      const limit = valueAtRank(scratch, keep - 1);
      let ties = keep;
      for (let i = 0; i < count; i++) if (doubt[i]! < limit) ties--;
      for (let i = 0; i < count; i++) {
        if (!(doubt[i]! < limit || (doubt[i] === limit && ties-- > 0))) continue;
        out[to++] = candidates[(first + i) * 2]!;
        out[to++] = candidates[(first + i) * 2 + 1]!;
      }
    }
    for (let e = 0; e < more; e++) out[to++] = extra[n * more + e]!;
  }
  return out;
}

/** The value that sorting would put at `rank` (Hoare's selection, middle pivot); reorders `values`. */
function valueAtRank(values: Float32Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) {
        const swap = values[i]!;
        values[i++] = values[j]!;
        values[j--] = swap;
      }
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return pivot;
  }
  return values[low]!;
}
