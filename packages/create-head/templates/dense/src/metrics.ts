import type { MetricAccumulator } from '@glid/head-kit';
import type { ForegroundResult } from './head.ts';
import { type Target, unknown } from './targets.ts';

/** `iou`: intersection over union of foreground and truth, all pictures together. `accuracy`: share of known pixels that are right. */
export function foregroundMetrics(): MetricAccumulator<ForegroundResult, Target> {
  let [both, either, right, known] = [0, 0, 0, 0];
  return {
    update(batch) {
      for (const { result, target } of batch) {
        target.foreground.data.forEach((truth, i) => {
          if (truth === unknown) return;
          const found = result.probability[i]! > 0.5 ? 1 : 0;
          known++;
          if (found === truth) right++;
          if (found && truth) both++;
          if (found || truth) either++;
        });
      }
    },
    compute: () => ({ iou: both / either, accuracy: right / known }),
    reset() {
      [both, either, right, known] = [0, 0, 0, 0];
    },
  };
}
