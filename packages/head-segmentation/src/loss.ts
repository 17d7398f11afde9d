import {
  diceLoss,
  type LossContext,
  type LossTerms,
  maskCrossEntropyLoss,
  noObjectWeights,
  sumTerms,
  weightedCrossEntropy,
} from '@glid/head-kit';
import { concat, reshape, type Scalar, scalar, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { type SegmentationAssignment, sampleRows } from './assign.ts';
import type { SegmentationConfig } from './config.ts';
import { layerCount, type SegmentationRaw } from './forward.ts';
import { pictureOf, toInputSize } from './inference/resize.ts';
import type { SegmentationTarget } from './targets.ts';

type Terms = Record<string, Scalar>;

/** Mask2Former's criterion, or with `perClass` a cross-entropy over pixels; the same for every layer. */
export function segmentationLoss(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  targets: readonly SegmentationTarget[],
  assignment: SegmentationAssignment | null,
  context: LossContext,
): LossTerms {
  const layers = layerCount(raw);
  const losses: Terms = {};
  const weights: Record<string, number> = {};
  for (let layer = 0; layer < layers; layer++) {
    const suffix = layer === layers - 1 ? '' : `.${layer}`;
    const terms = assignment
      ? matchedTerms(config, raw, layer, assignment)
      : { pixel: pixelLoss(raw, layer, targets, context) };
    for (const [name, loss] of Object.entries(terms)) {
      losses[name + suffix] = loss;
      weights[name + suffix] = config.lossWeights[name as keyof SegmentationConfig['lossWeights']] ?? 1;
    }
  }
  return sumTerms(losses, weights);
}

function matchedTerms(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  layer: number,
  { classes: wanted, layers, maskCount }: SegmentationAssignment,
): Terms {
  const { matches, rows, points, values } = layers[layer]!;
  const noObject = config.labels.length;
  const classes = new Int32Array(wanted.length * config.queries).fill(noObject);
  matches.forEach(({ queries, targets }, image) => {
    queries.forEach((query, i) => {
      classes[image * config.queries + query] = wanted[image]![targets[i]!]!;
    });
  });
  const classLoss = weightedCrossEntropy(raw[`logits.${layer}`]!, classes, {
    classWeights: noObjectWeights(noObject, config.noObjectWeight),
  });
  if (rows.length === 0) return { class: classLoss, mask: scalar(0), dice: scalar(0) };
  const logits = sampleRows(raw[`masks.${layer}`]!, rows, points);
  const truth = tensor2d(values, [rows.length, config.points]);
  return {
    class: classLoss,
    mask: maskCrossEntropyLoss(logits, truth, maskCount),
    dice: diceLoss(logits, truth, maskCount),
  };
}

/** Cross-entropy of every known pixel at input size, padding left out. */
function pixelLoss(
  raw: SegmentationRaw,
  layer: number,
  targets: readonly SegmentationTarget[],
  { metas }: LossContext,
): Scalar {
  const maps = raw[`classes.${layer}`]!;
  const labels = maps.shape[3];
  const logits: Tensor2D[] = [];
  const classes: number[][] = [];
  metas.forEach((meta, image) => {
    const [height, width] = meta.resizedSize;
    logits.push(reshape(toInputSize(pictureOf(maps, image), meta), [height * width, labels]) as Tensor2D);
    const { data, shape } = targets[image]!.semantic!;
    for (let y = 0; y < height; y++) classes.push(Array.from(data.subarray(y * shape[1]!, y * shape[1]! + width)));
  });
  return weightedCrossEntropy(concat(logits, 0), classes.flat(), { ignore: 255 });
}
