import { type CocoEvaluator, createCocoEvaluator, type MetricAccumulator } from '@glid/head-kit';
import type { DetectionResult } from './postprocess.ts';
import type { DetectionTarget } from './targets.ts';

/**
 * COCO's twelve box numbers (pycocotools' semantics) and `AP/<label>` for each class, all on 0..1; NaN where there is no ground truth.
 * A result without a size filter, all queries kept, is what the numbers expect.
 */
export function detectionMetrics(labels: readonly string[]): MetricAccumulator<DetectionResult, DetectionTarget> {
  const categories = labels.map((name, i) => ({ id: i + 1, name }));
  const categoryId = new Map(labels.map((name, i) => [name, i + 1]));
  const evaluator: CocoEvaluator = createCocoEvaluator({ task: 'bbox', categories });
  let unnamed = 0;
  return {
    update(batch) {
      evaluator.update(
        batch.map(({ result, target, meta }) => ({
          imageId: meta.id ?? `unnamed ${unnamed++}`,
          truths: Array.from(target.labels.data, (label, i) => ({
            categoryId: label + 1,
            bbox: extent(target.boxes.data, 4 * i),
            area: target.areas.data[i]!,
            crowd: target.crowds.data[i] === 1,
          })),
          detections: result.detections.map(({ label, score, box }) => ({
            categoryId: categoryId.get(label)!,
            score,
            bbox: extent(box, 0),
          })),
        })),
      );
    },
    compute() {
      const { stats, perCategory } = evaluator.compute();
      const named = Object.entries(stats);
      if (labels.length > 1) named.push(...perCategory.map(({ name, AP }) => [`AP/${name}`, AP] as [string, number]));
      return Object.fromEntries(named.map(([name, value]) => [name, value === -1 ? Number.NaN : value]));
    },
    reset() {
      evaluator.reset();
      unnamed = 0;
    },
  };
}

/** x0 y0 x1 y1 -> x y width height. */
function extent(box: ArrayLike<number>, at: number): [number, number, number, number] {
  const [x, y] = [box[at]!, box[at + 1]!];
  return [x, y, Math.max(0, box[at + 2]! - x), Math.max(0, box[at + 3]! - y)];
}
