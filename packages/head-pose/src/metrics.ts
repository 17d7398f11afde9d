import { createCocoEvaluator, type MetricAccumulator } from '@glid/head-kit';
import type { PoseConfig } from './config.ts';
import type { PoseResult } from './postprocess.ts';
import type { PoseTarget } from './targets.ts';

/** COCO's ten keypoint numbers by object keypoint similarity, each sample a picture of its own; on 0..1. */
export function poseMetrics({ sigmas }: PoseConfig): MetricAccumulator<PoseResult, PoseTarget> {
  const evaluator = createCocoEvaluator({ task: 'keypoints', categories: [{ id: 1, name: 'body' }], sigmas });
  let unnamed = 0;
  return {
    update(batch) {
      const width = 3 * sigmas.length;
      evaluator.update(
        batch.map(({ result, target: { joints, boxes, areas }, meta }) => ({
          imageId: meta.id ?? `unnamed ${unnamed++}`,
          truths: Array.from(areas.data, (area, i) => ({
            categoryId: 1,
            keypoints: joints.data.subarray(i * width, (i + 1) * width),
            area,
            bbox: extent(boxes.data.subarray(4 * i, 4 * i + 4)),
          })),
          detections: [
            {
              categoryId: 1,
              score: result.score,
              keypoints: result.joints.flatMap(({ x, y, score }) => [x, y, score]),
            },
          ],
        })),
      );
    },
    compute: () =>
      Object.fromEntries(
        Object.entries(evaluator.compute().stats).map(([name, value]) => [name, value === -1 ? Number.NaN : value]),
      ),
    reset() {
      evaluator.reset();
      unnamed = 0;
    },
  };
}

/** x0 y0 x1 y1 -> x y width height. */
function extent(box: ArrayLike<number>): [number, number, number, number] {
  return [box[0]!, box[1]!, box[2]! - box[0]!, box[3]! - box[1]!];
}
