import {
  type DefinedHead,
  defineHead,
  type HeadBody,
  type HeadFactory,
  type ParameterSpecs,
  referencePoints,
  sineEmbedding,
} from '@glid/head-kit';
import { type DetectionAssignment, detectionAssign } from './assign.ts';
import { type DetectionConfig, type DetectionInput, detectionConfig } from './config.ts';
import { drawDetections } from './draw.ts';
import { type DetectionRaw, detectionForward } from './forward.ts';
import { detectionLoss } from './loss.ts';
import { detectionMetrics } from './metrics.ts';
import { detectionParameters } from './parameters.ts';
import { type DetectionOptions, type DetectionResult, detectionPostprocess } from './postprocess.ts';
import { type DetectionFields, detectionFields, detectionTargets } from './targets.ts';
import { version } from './version.ts';

type Body = HeadBody<
  ParameterSpecs,
  DetectionRaw,
  DetectionFields,
  DetectionAssignment,
  DetectionResult,
  DetectionOptions
>;

export type DetectionHead = DefinedHead<DetectionConfig, Body>;

/**
 * Object detection as set prediction: GLID's answer `{(box_i, class_i)}`, DETR's matching, losses and post-processing.
 *
 * @example detection({ labels: ['red cell', 'white cell'], queries: 40, placedQueries: true })
 */
export const detection: HeadFactory<DetectionConfig, DetectionHead, DetectionInput> = defineHead<
  DetectionConfig,
  Body,
  DetectionInput
>({
  id: '@glid/head-detection',
  version,
  task: 'object-detection',
  config: detectionConfig,
  build: (config, context) => ({
    labels: config.labels,
    queries: {
      count: config.queries,
      init: 'cls',
      ...(config.placedQueries
        ? { embedding: sineEmbedding(referencePoints(config.queries), context.hiddenSize) }
        : {}),
    },
    parameters: detectionParameters(config, context),
    targetFields: detectionFields,
    doForward: (parameters, inputs) => detectionForward(config, parameters, inputs),
    doAssign: (raw, targets, lossContext) => detectionAssign(config, raw, targets, lossContext),
    doLoss: (raw, _targets, assignment) => detectionLoss(config, raw, assignment),
    doPostprocess: (raw, metas, options) => detectionPostprocess(config, raw, metas, options),
    targetsFrom: async (record) => detectionTargets(config.labels, record),
    createMetrics: () => detectionMetrics(config.labels),
    primaryMetric: { name: 'AP', better: 'higher' },
    draw: (result) => drawDetections(result, config.labels),
  }),
});
