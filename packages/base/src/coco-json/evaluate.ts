import type { CocoResult } from '../evaluation/coco/evaluator.ts';
import { createCocoEvaluator } from '../evaluation/coco/evaluator.ts';
import type { CocoSample } from '../evaluation/coco/sample.ts';
import type { CocoEvaluatorOptions } from '../evaluation/coco/settings.ts';
import type { ImageId } from '../evaluation/image-id.ts';
import type { CocoAnnotation, CocoGroundTruth } from './ground-truth.ts';
import type { CocoResultEntry } from './results.ts';

/** Brings annotations and results together, one picture after the other, those without any included. */
export function* cocoSamples(groundTruth: CocoGroundTruth, results: readonly CocoResultEntry[]): Generator<CocoSample> {
  const truths = byImage<CocoAnnotation>(groundTruth.annotations);
  const detections = byImage(results);
  for (const { id, width, height } of groundTruth.images) {
    yield { imageId: id, size: [height, width], truths: truths.get(id) ?? [], detections: detections.get(id) ?? [] };
  }
}

/** The numbers of a COCO results file against its ground truth, as pycocotools gives them. */
export function evaluateCocoResults(
  groundTruth: CocoGroundTruth,
  results: readonly CocoResultEntry[],
  options: Omit<CocoEvaluatorOptions, 'categories'>,
): CocoResult {
  const evaluator = createCocoEvaluator({ ...options, categories: groundTruth.categories });
  for (const sample of cocoSamples(groundTruth, results)) evaluator.update(sample);
  return evaluator.compute();
}

function byImage<T extends { readonly imageId: ImageId }>(objects: readonly T[]): Map<ImageId, T[]> {
  const groups = new Map<ImageId, T[]>();
  for (const object of objects) {
    const group = groups.get(object.imageId);
    if (group) group.push(object);
    else groups.set(object.imageId, [object]);
  }
  return groups;
}
