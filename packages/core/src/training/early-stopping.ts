/** When to stop: after `patience` evaluations in a row without an improvement of at least `minDelta` in the watched metric. */
export interface EarlyStopping {
  readonly patience: number;
  readonly minDelta?: number;
}

/** Which number selects the best checkpoint, and which way is better. */
export interface WatchedMetric {
  readonly name: string;
  readonly better: 'higher' | 'lower';
}

/** The course of the watched metric; plain JSON, part of a checkpoint. */
export interface BestSoFar {
  readonly value: number | null;
  readonly step: number;
  /** Evaluations since the last improvement. */
  readonly stale: number;
}

export const nothingYet: BestSoFar = { value: null, step: 0, stale: 0 };

/** A NaN never improves: a metric that counted nothing does not win. */
export function updateBest(
  best: BestSoFar,
  metric: WatchedMetric,
  value: number,
  step: number,
  minDelta = 0,
): BestSoFar {
  const gain = metric.better === 'higher' ? value - (best.value ?? value) : (best.value ?? value) - value;
  const improved = best.value === null ? !Number.isNaN(value) : gain > minDelta;
  return improved ? { value, step, stale: 0 } : { ...best, stale: best.stale + 1 };
}

/** Whether patience has run out. */
export function shouldStop(best: BestSoFar, stopping: EarlyStopping | undefined): boolean {
  return stopping !== undefined && best.stale >= stopping.patience;
}
