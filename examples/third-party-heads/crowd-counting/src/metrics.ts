import type { MetricAccumulator } from '@glid/head-kit';
import type { CrowdResult } from './results.ts';
import type { Target } from './targets.ts';

/** `mae` and `rmse` of the count of all labels together, over pictures, as crowd counting reports them. */
export function crowdMetrics(): MetricAccumulator<CrowdResult, Target> {
  let [absolute, squared, pictures] = [0, 0, 0];
  return {
    update(batch) {
      for (const { result, target } of batch) {
        const error = Math.abs(result.count - target.classes.data.length);
        absolute += error;
        squared += error ** 2;
        pictures++;
      }
    },
    compute: () => ({ mae: absolute / pictures, rmse: Math.sqrt(squared / pictures) }),
    reset() {
      [absolute, squared, pictures] = [0, 0, 0];
    },
  };
}
