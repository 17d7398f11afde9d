import {
  type DefinedHead,
  defineHead,
  type HeadBody,
  type HeadFactory,
  type ParameterSpecs,
  referencePoints,
  sineEmbedding,
  type TargetFields,
} from '@glid/head-kit';
import { type SegmentationAssignment, segmentationAssign } from './assign.ts';
import { queryCount, type SegmentationConfig, type SegmentationInput, segmentationConfig } from './config.ts';
import { drawSegmentation } from './draw.ts';
import { type SegmentationRaw, segmentationForward, segmentationParameters } from './forward.ts';
import { segmentationLoss } from './loss.ts';
import { primaryMetric, segmentationMetrics } from './metrics.ts';
import { type SegmentationOptions, type SegmentationResult, segmentationPostprocess } from './postprocess.ts';
import { fieldsOf, segmentationTargets } from './targets.ts';
import { version } from './version.ts';

type Body = HeadBody<
  ParameterSpecs,
  SegmentationRaw,
  TargetFields,
  SegmentationAssignment | null,
  SegmentationResult,
  SegmentationOptions
>;

export type SegmentationHead = DefinedHead<SegmentationConfig, Body>;

/**
 * Semantic, instance and panoptic segmentation from mask queries: GLID's answer `{(f_i, cls_i)}`, with Mask2Former's matching, point-sampled losses
 * and three inferences.
 *
 * @example segmentation({ mode: 'instance', labels: ['nucleus'] })
 */
export const segmentation: HeadFactory<SegmentationConfig, SegmentationHead, SegmentationInput> = defineHead<
  SegmentationConfig,
  Body,
  SegmentationInput
>({
  id: '@glid/head-segmentation',
  version,
  task: 'image-segmentation',
  config: segmentationConfig,
  build: (config, context) => ({
    labels: config.labels,
    queries: {
      count: queryCount(config),
      init: 'cls',
      perLabel: config.matching === 'perClass',
      // Queries that start equal have to part.
      ...(config.placedQueries
        ? { embedding: sineEmbedding(referencePoints(config.queries), context.hiddenSize) }
        : { lrMultiplier: 10 }),
    },
    parameters: segmentationParameters(config, context),
    targetFields: fieldsOf(config),
    doForward: (parameters, inputs) => segmentationForward(config, parameters, inputs),
    doAssign: (raw, targets, lossContext) => segmentationAssign(config, raw, targets, lossContext),
    doLoss: (raw, targets, assignment, lossContext) => segmentationLoss(config, raw, targets, assignment, lossContext),
    doPostprocess: (raw, metas, options) => segmentationPostprocess(config, raw, metas, options),
    targetsFrom: (record) => segmentationTargets(config, record),
    createMetrics: () => segmentationMetrics(config),
    primaryMetric: { name: primaryMetric[config.mode], better: 'higher' },
    draw: (result) => drawSegmentation(result, config.labels),
  }),
});
