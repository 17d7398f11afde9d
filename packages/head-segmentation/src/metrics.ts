import {
  createCocoEvaluator,
  createPanopticEvaluator,
  createSemanticEvaluator,
  encodeMask,
  type HostArray,
  type MetricAccumulator,
  type MetricSample,
} from '@glid/head-kit';
import { type SegmentationConfig, thingFlags } from './config.ts';
import type { SegmentationResult } from './postprocess.ts';
import type { SegmentationTarget } from './targets.ts';

type Metrics = MetricAccumulator<SegmentationResult, SegmentationTarget>;

/** The published numbers of the head's mode: mIoU and pixel accuracy, COCO mask AP, or panoptic quality. On 0..1. */
export function segmentationMetrics(config: SegmentationConfig): Metrics {
  if (config.mode === 'semantic') return semanticMetrics(config);
  return config.mode === 'instance' ? instanceMetrics(config) : panopticMetrics(config);
}

/** The name of the number that selects the best checkpoint. */
export const primaryMetric = { semantic: 'mIoU', instance: 'AP', panoptic: 'PQ' } as const;

function streaming<S>(
  evaluator: { update(samples: readonly S[]): void; reset(): void },
  prepare: (imageId: string, sample: MetricSample<SegmentationResult, SegmentationTarget>) => S,
  compute: () => Record<string, number>,
): Metrics {
  let unnamed = 0;
  return {
    update(batch) {
      evaluator.update(batch.map((sample) => prepare(sample.meta.id ?? `unnamed ${unnamed++}`, sample)));
    },
    compute: () =>
      Object.fromEntries(Object.entries(compute()).map(([name, value]) => [name, value === -1 ? Number.NaN : value])),
    reset() {
      evaluator.reset();
      unnamed = 0;
    },
  };
}

function semanticMetrics({ labels }: SegmentationConfig): Metrics {
  const evaluator = createSemanticEvaluator({ labels });
  return streaming(
    evaluator,
    (imageId, { result, target }) => ({
      imageId,
      truth: target.semantic!.data,
      prediction: result.semantic!.data,
    }),
    () => {
      const { mIoU, pixelAccuracy, perClass } = evaluator.compute();
      return { mIoU, pixelAccuracy, ...Object.fromEntries(perClass.map(({ label, IoU }) => [`IoU/${label}`, IoU])) };
    },
  );
}

function instanceMetrics({ labels }: SegmentationConfig): Metrics {
  const evaluator = createCocoEvaluator({ task: 'segm', categories: labels.map((name, i) => ({ id: i + 1, name })) });
  return streaming(
    evaluator,
    (imageId, { result, target }) => ({
      imageId,
      size: result.size,
      truths: Array.from(target.labels!.data, (label, i) => ({
        categoryId: label + 1,
        segmentation: encodeMask(maskOf(target.masks!, i), result.size),
        crowd: target.crowds!.data[i] === 1,
      })),
      detections: result.instances!.map(({ label, score, mask }) => ({
        categoryId: labels.indexOf(label) + 1,
        score,
        segmentation: mask,
      })),
    }),
    () => ({ ...evaluator.compute().stats }),
  );
}

function panopticMetrics(config: SegmentationConfig): Metrics {
  const things = thingFlags(config);
  const { labels } = config;
  const categories = labels.map((name, i) => ({ id: i + 1, name, isThing: things[i]! }));
  const evaluator = createPanopticEvaluator({ categories });
  return streaming(
    evaluator,
    (imageId, { result, target }) => {
      const { ids, segments } = result.panoptic!;
      const truth = new Int32Array(result.size[0] * result.size[1]);
      for (let i = 0; i < target.labels!.data.length; i++) {
        const mask = maskOf(target.masks!, i);
        for (let p = 0; p < truth.length; p++) if (mask[p]) truth[p] = i + 1;
      }
      return {
        imageId,
        truth: {
          size: result.size,
          ids: truth,
          segments: Array.from(target.labels!.data, (label, i) => ({
            id: i + 1,
            categoryId: label + 1,
            crowd: target.crowds!.data[i] === 1,
          })),
        },
        prediction: {
          size: result.size,
          ids,
          segments: segments.map(({ id, label }) => ({ id, categoryId: labels.indexOf(label) + 1 })),
        },
      };
    },
    () => {
      const { all, things: th, stuff } = evaluator.compute();
      return {
        PQ: all.PQ,
        SQ: all.SQ,
        RQ: all.RQ,
        PQ_th: th.PQ,
        SQ_th: th.SQ,
        RQ_th: th.RQ,
        PQ_st: stuff.PQ,
        SQ_st: stuff.SQ,
        RQ_st: stuff.RQ,
      };
    },
  );
}

function maskOf({ data, shape }: HostArray, i: number): HostArray['data'] {
  const area = shape[1]! * shape[2]!;
  return data.subarray(i * area, (i + 1) * area);
}
