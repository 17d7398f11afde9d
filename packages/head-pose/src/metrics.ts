import { createCocoEvaluator, type MetricAccumulator } from '@glid/head-kit';
import type { PoseConfig } from './config.ts';
import { countJoints, type JointCount } from './pck.ts';
import type { PoseResult } from './postprocess.ts';
import type { PoseTarget } from './targets.ts';

/** COCO's ten keypoint numbers by object keypoint similarity, each sample a picture of its own, and PCK; on 0..1. */
export function poseMetrics({ sigmas }: PoseConfig): MetricAccumulator<PoseResult, PoseTarget> {
  const evaluator = createCocoEvaluator({ task: 'keypoints', categories: [{ id: 1, name: 'body' }], sigmas });
  let unnamed = 0;
  let [annotated, found] = [0, 0];
  return {
    update(batch) {
      const samples = batch.map((sample) => ({ ...sample, bodies: bodiesOf(sample.target, 3 * sigmas.length) }));
      for (const { result, bodies } of samples) {
        // Of several bodies the one that was meant.
        const best = bodies
          .map(({ joints, box }) => countJoints(result.joints, joints, box))
          .reduce<JointCount>((a, b) => (b.found > a.found ? b : a), { annotated: 0, found: -1 });
        annotated += best.annotated;
        found += Math.max(0, best.found);
      }
      evaluator.update(
        samples.map(({ result, bodies, meta }) => ({
          imageId: meta.id ?? `unnamed ${unnamed++}`,
          truths: bodies.map(({ joints, box, area }) => ({
            categoryId: 1,
            keypoints: joints,
            area,
            bbox: extent(box),
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
    compute() {
      const stats = Object.entries(evaluator.compute().stats).map(([name, value]) => [
        name,
        value === -1 ? Number.NaN : value,
      ]);
      const { AP, ...others } = Object.fromEntries(stats) as { readonly AP: number };
      return { AP, PCK: annotated === 0 ? Number.NaN : found / annotated, ...others };
    },
    reset() {
      evaluator.reset();
      unnamed = 0;
      [annotated, found] = [0, 0];
    },
  };
}

/** The bodies of a target, one by one. `width` is 3 numbers a joint. */
function bodiesOf({ joints, boxes, areas }: PoseTarget, width: number) {
  return Array.from(areas.data, (area, i) => ({
    joints: joints.data.subarray(i * width, (i + 1) * width),
    box: boxes.data.subarray(4 * i, 4 * i + 4),
    area,
  }));
}

/** x0 y0 x1 y1 -> x y width height. */
function extent(box: ArrayLike<number>): [number, number, number, number] {
  return [box[0]!, box[1]!, box[2]! - box[0]!, box[3]! - box[1]!];
}
