import {
  type DefinedHead,
  defineHead,
  type HeadBody,
  type HeadFactory,
  type ParameterSpecs,
  type Shape2D,
} from '@glid/head-kit';
import { type DepthConfig, type DepthInput, depthConfig } from './config.ts';
import { type DepthRaw, depthForward, depthParameters } from './forward.ts';
import { type DepthAssignment, depthAssign, depthLoss } from './loss.ts';
import { depthMetrics } from './metrics.ts';
import { averageMirrored } from './mirror.ts';
import { type DepthPrediction, depthPostprocess } from './postprocess.ts';
import { type DepthFields, depthFields, depthTargets } from './targets.ts';
import { version } from './version.ts';

type Body = HeadBody<ParameterSpecs, DepthRaw, DepthFields, DepthAssignment, DepthPrediction>;

export type DepthHead = DefinedHead<DepthConfig, Body>;

/**
 * Monocular depth from adaptive bins: GLID's answer `{(l_i, z_i)}` (eq. 5), with the losses of AdaBins and BinsFormer.
 *
 * @example depth({ bins: 40, minDepth: 0.5, maxDepth: 12 })
 */
export const depth: HeadFactory<DepthConfig, DepthHead, DepthInput> = defineHead<DepthConfig, Body, DepthInput>({
  id: '@glid/head-depth',
  version,
  task: 'depth-estimation',
  config: depthConfig,
  build: (config, context) => ({
    labels: [],
    queries: { count: config.bins, init: 'cls' },
    parameters: depthParameters(config, context),
    targetFields: depthFields,
    doForward: (parameters, inputs) => depthForward(config, parameters, inputs),
    doAssign: (raw, targets, lossContext) => depthAssign(config, raw, targets, lossContext),
    doLoss: (raw, targets, assignment, lossContext) => depthLoss(config, raw, targets, assignment, lossContext),
    doMergeMirrored: averageMirrored,
    doPostprocess: (raw, metas) => depthPostprocess(config, raw, metas),
    targetsFrom: depthTargets,
    createMetrics: () => depthMetrics(config),
    primaryMetric: { name: 'absRel', better: 'lower' },
    draw: drawDepth,
  }),
});

/** A heat map from the nearest depth in the picture to the farthest. */
export function drawDepth({ depth: data, size }: DepthPrediction): Shape2D[] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const value of data) {
    if (value <= 0) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > 0 ? [{ kind: 'heatmap', data, size, range: [low, Math.max(high, low + 1e-6)] }] : [];
}
