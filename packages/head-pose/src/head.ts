import {
  type DefinedHead,
  defineHead,
  type HeadBody,
  type HeadFactory,
  type ParameterSpecs,
  type Shape2D,
} from '@glid/head-kit';
import { type PoseConfig, type PoseInput, poseConfig } from './config.ts';
import { type PoseRaw, poseForward, poseParameters } from './forward.ts';
import { poseLoss } from './loss.ts';
import { poseMetrics } from './metrics.ts';
import { averageMirrored } from './mirror.ts';
import { type PoseResult, posePostprocess } from './postprocess.ts';
import { type PoseFields, poseFields, poseTargets } from './targets.ts';
import { version } from './version.ts';

type Body = HeadBody<ParameterSpecs, PoseRaw, PoseFields, undefined, PoseResult>;

export type PoseHead = DefinedHead<PoseConfig, Body>;

/**
 * Top-down pose from heat maps: GLID's answer `{f_i}`, with ViTPose's targets, loss and decoding.
 *
 * @example pose(coco17)
 */
export const pose: HeadFactory<PoseConfig, PoseHead, PoseInput> = defineHead<PoseConfig, Body, PoseInput>({
  id: '@glid/head-pose',
  version,
  task: 'pose-estimation',
  config: poseConfig,
  build: (config, context) => ({
    labels: config.joints,
    // They start equal, and a joint's query has to part from the others.
    queries: { count: config.joints.length, init: 'cls', perLabel: true, lrMultiplier: 10 },
    parameters: poseParameters(config, context),
    targetFields: poseFields(config),
    doForward: (parameters, inputs) => poseForward(config, parameters, inputs),
    doLoss: (raw, targets, _assignment, lossContext) => poseLoss(config, raw, targets as never, lossContext),
    doMergeMirrored: (raw, mirrored, metas) => averageMirrored(config, raw, mirrored, metas),
    doPostprocess: (raw, metas) => posePostprocess(config, raw, metas),
    targetsFrom: (record) => poseTargets(config, record),
    createMetrics: () => poseMetrics(config) as never,
    primaryMetric: { name: 'AP', better: 'higher' },
    draw: (result) => drawPose(config, result),
  }),
});

/** Joints and lines of the skeleton; joints that score less than `threshold` are left out. */
export function drawPose({ edges }: Pick<PoseConfig, 'edges'>, result: PoseResult, threshold = 0.2): Shape2D[] {
  const [height, width] = result.size;
  const xy = result.joints.map(({ x, y, score }): [number, number] =>
    score >= threshold && x >= 0 && y >= 0 && x <= width && y <= height ? [x, y] : [Number.NaN, Number.NaN],
  );
  return [{ kind: 'points', xy, edges: edges as readonly (readonly [number, number])[] }];
}
