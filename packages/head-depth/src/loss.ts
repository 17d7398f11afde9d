import {
  adabinsSilog,
  binsformerSilog,
  btsSilog,
  type ChamferMatch,
  chamferLoss,
  type LossContext,
  type LossTerms,
  matchChamfer,
  type SilogForm,
  silogLoss,
  sumTerms,
} from '@glid/head-kit';
import { concat, reshape, type Scalar, type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';
import type { DepthConfig } from './config.ts';
import { type DepthRaw, layerCount } from './forward.ts';
import { type DepthTarget, unpaddedDepth } from './targets.ts';
import { upsamplePicture } from './upsample.ts';

const forms: Readonly<Record<DepthConfig['loss'], SilogForm>> = {
  adabins: adabinsSilog,
  binsformer: binsformerSilog,
  bts: btsSilog,
};

/** Nearest neighbours for the Chamfer term, one entry a layer; empty when that term is off. */
export type DepthAssignment = readonly ChamferMatch[];

/** Depths that count: known ones; AdaBins leaves out what is nearer than the range. */
function counts(config: DepthConfig, depth: number): boolean {
  return depth > (config.loss === 'binsformer' ? 0 : config.minDepth);
}

/** Reads the bin centres back and finds their nearest depths. */
export async function depthAssign(
  config: DepthConfig,
  raw: DepthRaw,
  targets: readonly DepthTarget[],
  { metas }: LossContext,
): Promise<DepthAssignment> {
  if (config.chamferWeight === 0) return [];
  const depths = targets.map((target, image) => unpaddedDepth(target, metas[image]!));
  const layers = Array.from({ length: layerCount(raw) }, (_, layer) => layer);
  const centres = await Promise.all(layers.map((layer) => raw[`centres.${layer}`]!.data()));
  return centres.map((values) => matchChamfer(values as Float32Array, depths, config.minDepth));
}

/** Scale-invariant log loss over all known pixels of the batch, at the targets' size; plus the Chamfer term when it has a weight. */
export function depthLoss(
  config: DepthConfig,
  raw: DepthRaw,
  targets: readonly DepthTarget[],
  assignment: DepthAssignment,
  { metas }: LossContext,
): LossTerms {
  const wanted = targets.map((target, image) => unpaddedDepth(target, metas[image]!));
  const size = wanted.reduce((sum, { length }) => sum + length, 0);
  const depths = new Float32Array(size);
  const valid = new Float32Array(size);
  let at = 0;
  for (const picture of wanted) {
    for (const depth of picture) {
      if (counts(config, depth)) {
        depths[at] = depth;
        valid[at] = 1;
      }
      at++;
    }
  }
  const target = tensor1d(depths);
  const mask = tensor1d(valid);
  const layers = layerCount(raw);
  const losses: Record<string, Scalar> = {};
  const weights: Record<string, number> = {};
  for (let layer = 0; layer < layers; layer++) {
    const suffix = layer === layers - 1 ? '' : `.${layer}`;
    const weight = [0.25, 0.5, 1][layer + 3 - layers]!;
    const pictures = metas.map((meta, image) =>
      reshape(upsamplePicture(raw[`depth.${layer}`]!, image, meta, meta.resizedSize), [-1]),
    );
    losses[`silog${suffix}`] = silogLoss(concat(pictures) as Tensor1D, target, mask, forms[config.loss]);
    weights[`silog${suffix}`] = weight;
    if (config.chamferWeight > 0) {
      losses[`chamfer${suffix}`] = chamferLoss(raw[`centres.${layer}`]!, assignment[layer]!);
      weights[`chamfer${suffix}`] = weight * config.chamferWeight;
    }
  }
  return sumTerms(losses, weights);
}
