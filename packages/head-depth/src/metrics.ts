import { createDepthEvaluator, eigenCrop, type MetricAccumulator } from '@glid/head-kit';
import type { DepthConfig } from './config.ts';
import type { DepthPrediction } from './postprocess.ts';
import type { DepthTarget } from './targets.ts';

/** The published depth metrics, each the mean over pictures of the picture's value. `absRel` is REL, `delta1` is delta < 1.25. */
export function depthMetrics(config: DepthConfig): MetricAccumulator<DepthPrediction, DepthTarget> {
  const { minDepth, maxDepth } = config;
  const evaluator = createDepthEvaluator({ minDepth, maxDepth, ...(config.eigenCrop ? { crop: eigenCrop } : {}) });
  let unnamed = 0;
  return {
    update(batch) {
      evaluator.update(
        batch.map(({ result, target, meta }) => ({
          imageId: meta.id ?? `unnamed ${unnamed++}`,
          size: result.size,
          truth: target.depth.data,
          prediction: result.depth,
        })),
      );
    },
    compute: () => ({ ...evaluator.compute().mean }),
    reset() {
      evaluator.reset();
      unnamed = 0;
    },
  };
}
