/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** Steps, increasing. */
  readonly x: readonly number[];
  /** Gaps where not finite. */
  readonly y: readonly number[];
  /** Drawn pale, behind the others. */
  readonly pale?: boolean;
  /** Marks at every point: for few, such as evaluations. */
  readonly marks?: boolean;
}

/** At most about `limit` points: the smallest and the largest of each stretch, so that no spike is lost. */
export function thinned(series: Series, limit = 500): Series {
  const { x, y } = series;
  if (x.length <= limit) return series;
  const stretch = Math.ceil((2 * x.length) / limit);
  const kept: number[] = [];
  for (let from = 0; from < x.length; from += stretch) {
    let low = -1;
    let high = -1;
    for (let i = from; i < Math.min(from + stretch, x.length); i++) {
      if (!Number.isFinite(y[i])) continue;
      if (low < 0 || y[i]! < y[low]!) low = i;
      if (high < 0 || y[i]! > y[high]!) high = i;
    }
    if (low < 0) kept.push(from);
    else kept.push(...new Set([Math.min(low, high), Math.max(low, high)]));
  }
  return { ...series, x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!) };
}

/** Running mean over about `window` points, exponential and without the pull of the first value. */
export function smoothed(series: Series, window: number): Series {
  const decay = 1 - 1 / Math.max(1, window);
  let sum = 0;
  let weight = 0;
  const y = series.y.map((value) => {
    if (Number.isFinite(value)) {
      sum = decay * sum + (1 - decay) * value;
      weight = decay * weight + (1 - decay);
    }
    return sum / weight;
  });
  return { ...series, y };
}
