import type { MetricAccumulator } from '@glid/head-kit';
import type { FoundThing } from './results.ts';
import type { Target } from './targets.ts';

/** How far a point may be from the truth, as a share of the picture's longer side. */
const reach = 0.1;

/**
 * `precision`, `recall` and their harmonic mean `f1`, over all pictures together. Things are taken by falling score; each gets the nearest
 * thing of its label within reach that is still free.
 */
export function pointMetrics(labels: readonly string[]): MetricAccumulator<readonly FoundThing[], Target> {
  let [hits, found, all] = [0, 0, 0];
  return {
    update(batch) {
      for (const { result, target, meta } of batch) {
        const things = target.classes.data.length;
        const farthest = reach * Math.max(...meta.originalSize);
        const taken = new Set<number>();
        for (const { label, x, y } of [...result].sort((a, b) => b.score - a.score)) {
          let [nearest, least] = [-1, farthest];
          for (let t = 0; t < things; t++) {
            if (taken.has(t) || labels[target.classes.data[t]!] !== label) continue;
            const distance = Math.hypot(x - target.centres.data[3 * t]!, y - target.centres.data[3 * t + 1]!);
            if (distance <= least) [nearest, least] = [t, distance];
          }
          if (nearest >= 0) taken.add(nearest);
        }
        hits += taken.size;
        found += result.length;
        all += things;
      }
    },
    compute: () => ({ f1: (2 * hits) / (found + all), precision: hits / found, recall: hits / all }),
    reset() {
      [hits, found, all] = [0, 0, 0];
    },
  };
}
