import {
  boxesToCorners,
  giouLoss,
  type LossTerms,
  l1Loss,
  noObjectWeights,
  sumTerms,
  weightedCrossEntropy,
} from '@glid/head-kit';
import { gatherRows } from '@glid/ops';
import { reshape, type Scalar, type Tensor2D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import type { DetectionAssignment } from './assign.ts';
import type { DetectionConfig } from './config.ts';
import { type DetectionRaw, layerCount } from './forward.ts';

/**
 * DETR's criterion: weighted cross-entropy over all queries, L1 and 1 - GIoU over matched pairs divided by the number of boxes; the same
 * for every layer. Terms of the last layer are `class`, `l1`, `giou`; those of earlier layers `class.0`, ….
 */
export function detectionLoss(config: DetectionConfig, raw: DetectionRaw, assignment: DetectionAssignment): LossTerms {
  const layers = layerCount(raw);
  const losses: Record<string, Scalar> = {};
  const weights: Record<string, number> = {};
  for (let layer = 0; layer < layers; layer++) {
    const suffix = layer === layers - 1 ? '' : `.${layer}`;
    const terms = layerLoss(config, raw, layer, assignment);
    for (const name of ['class', 'l1', 'giou'] as const) {
      losses[name + suffix] = terms[name];
      weights[name + suffix] = config.lossWeights[name];
    }
  }
  return sumTerms(losses, weights);
}

function layerLoss(
  config: DetectionConfig,
  raw: DetectionRaw,
  layer: number,
  { targets, matches, boxCount }: DetectionAssignment,
): Record<'class' | 'l1' | 'giou', Scalar> {
  const noObject = config.labels.length;
  const classes = new Int32Array(targets.length * config.queries).fill(noObject);
  const rows: number[] = [];
  const boxes: number[] = [];
  matches[layer]!.forEach((match, image) => {
    const target = targets[image]!;
    match.queries.forEach((query, pair) => {
      const wanted = match.targets[pair]!;
      const row = image * config.queries + query;
      classes[row] = target.classes[wanted]!;
      rows.push(row);
      boxes.push(...target.boxes.subarray(4 * wanted, 4 * wanted + 4));
    });
  });
  const all = reshape(raw[`boxes.${layer}`]!, [-1, 4]) as Tensor2D;
  const predicted = gatherRows(all, tensor1d(rows, 'int32')) as Tensor2D;
  const wanted = tensor2d(boxes, [rows.length, 4]);
  return {
    class: weightedCrossEntropy(raw[`logits.${layer}`]!, classes, {
      classWeights: noObjectWeights(noObject, config.noObjectWeight),
    }),
    l1: l1Loss(predicted, wanted, boxCount),
    giou: giouLoss(boxesToCorners(predicted), boxesToCorners(wanted), boxCount),
  };
}
