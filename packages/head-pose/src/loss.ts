import {
  encodeHeatmaps,
  heatmapCrossEntropy,
  heatmapMse,
  type LossContext,
  type LossTerms,
  sumTerms,
} from '@glid/head-kit';
import { type Scalar, tensor2d, tensor4d } from '@tensorflow/tfjs-core';
import type { PoseConfig } from './config.ts';
import { fitMaps, layerCount, type PoseRaw, shownCells } from './forward.ts';
import { onlyBody, type PoseTarget } from './targets.ts';

/** Loss of the heat maps against Gaussians; joints that are not labelled, or too far outside, do not count (ViTPose). */
export function poseLoss(
  config: PoseConfig,
  raw: PoseRaw,
  targets: readonly PoseTarget[],
  { metas }: LossContext,
): LossTerms {
  const [, joints, height, width] = raw['heatmaps.0']!.shape;
  const maps = new Float32Array(targets.length * joints * height * width);
  const weights = new Float32Array(targets.length * joints);
  targets.forEach((target, image) => {
    const meta = metas[image]!;
    const shown = shownCells([height, width], meta);
    const geometry = { inputSize: meta.resizedSize, heatmapSize: shown, sigma: config.sigma };
    const wanted = encodeHeatmaps(toIndices(onlyBody(target, joints)), geometry, config.encoding);
    maps.set(fitMaps(wanted.maps, shown, [height, width]), image * joints * height * width);
    weights.set(wanted.weights, image * joints);
  });
  const wanted = tensor4d(maps, [targets.length, joints, height, width]);
  const counted = tensor2d(weights, [targets.length, joints]);
  const lossOf = config.loss === 'mse' ? heatmapMse : heatmapCrossEntropy;
  const layers = layerCount(raw);
  const losses: Record<string, Scalar> = {};
  for (let layer = 0; layer < layers; layer++) {
    const name = layer === layers - 1 ? 'heatmap' : `heatmap.${layer}`;
    losses[name] = lossOf(raw[`heatmaps.${layer}`]!, wanted, counted);
  }
  return sumTerms(losses);
}

/** Continuous pixels (the first pixel's centre at 0.5) -> pixel indices (at 0), which UDP counts in. */
function toIndices(joints: Float32Array): Float32Array {
  return joints.map((value, i) => (i % 3 === 2 ? value : value - 0.5));
}
