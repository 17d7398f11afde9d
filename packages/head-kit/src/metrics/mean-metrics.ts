import type { MetricAccumulator, MetricSample } from '../spec/metrics.ts';

/**
 * Metrics that are plain means of numbers a picture. NaN says that a picture has no such number: it is left out of that mean.
 *
 * @example createMetrics: () => meanMetrics(({ result, target }) => ({ error: Math.abs(result - target.count.data[0]) }))
 */
export function meanMetrics<Result, Target>(
  measure: (sample: MetricSample<Result, Target>) => { readonly [name: string]: number },
): MetricAccumulator<Result, Target> {
  const sums = new Map<string, { sum: number; count: number }>();
  return {
    update(batch) {
      for (const sample of batch) {
        for (const [name, value] of Object.entries(measure(sample))) {
          const mean = sums.get(name) ?? { sum: 0, count: 0 };
          sums.set(name, mean);
          if (Number.isNaN(value)) continue;
          mean.sum += value;
          mean.count++;
        }
      }
    },
    compute: () => Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count])),
    reset: () => sums.clear(),
  };
}
