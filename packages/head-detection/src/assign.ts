import {
  addClassCosts,
  addGiouCosts,
  addL1Costs,
  costMatrix,
  type LossContext,
  matchQueries,
  type QueryMatch,
  softmaxRows,
} from '@glid/head-kit';
import type { DetectionConfig } from './config.ts';
import { type DetectionRaw, layerCount } from './forward.ts';
import { type DetectionTarget, type PreparedTargets, prepareTargets } from './targets.ts';

/** Who answers for what: plain data, so that it can cross an `await`. */
export interface DetectionAssignment {
  readonly targets: readonly PreparedTargets[];
  /** `[layer][picture]` */
  readonly matches: readonly (readonly QueryMatch[])[];
  /** Targets of the batch, averaged over ranks, at least 1. */
  readonly boxCount: number;
}

/** Hungarian matching of every layer and picture (DETR, section 3.1): `-p[class] + 5 L1 - 2 GIoU` by default. */
export async function detectionAssign(
  config: DetectionConfig,
  raw: DetectionRaw,
  targets: readonly DetectionTarget[],
  context: LossContext,
): Promise<DetectionAssignment> {
  const prepared = targets.map((target, image) => prepareTargets(target, context.metas[image]!));
  const total = prepared.reduce((sum, { classes }) => sum + classes.length, 0);
  const boxCount = Math.max(1, await context.meanOverRanks(total));
  return { targets: prepared, matches: await matchLayers(config, raw, prepared), boxCount };
}

/** `[layer][picture]`; one read-back for all. */
export async function matchLayers(
  config: DetectionConfig,
  raw: DetectionRaw,
  targets: readonly PreparedTargets[],
): Promise<QueryMatch[][]> {
  const layers = Array.from({ length: layerCount(raw) }, (_, layer) => layer);
  const answers = await Promise.all(
    layers.map((layer) => Promise.all([raw[`logits.${layer}`]!.data(), raw[`boxes.${layer}`]!.data()])),
  );
  const classes = config.labels.length + 1;
  return answers.map(([logits, boxes]) =>
    targets.map((target, image) => {
      const of = (data: Float32Array, width: number): Float32Array =>
        data.subarray(image * config.queries * width, (image + 1) * config.queries * width);
      return matchPicture(config, of(logits as Float32Array, classes), of(boxes as Float32Array, 4), target);
    }),
  );
}

function matchPicture(
  config: DetectionConfig,
  logits: Float32Array,
  boxes: Float32Array,
  target: PreparedTargets,
): QueryMatch {
  const costs = costMatrix(config.queries, target.classes.length);
  if (target.classes.length === 0) return matchQueries(costs);
  const weights = config.matchWeights;
  addClassCosts(costs, weights.class, softmaxRows(logits, config.labels.length + 1), target.classes);
  addL1Costs(costs, weights.l1, boxes, target.boxes);
  addGiouCosts(costs, weights.giou, corners(boxes), corners(target.boxes));
  return matchQueries(costs);
}

/** Centre and size -> x0 y0 x1 y1. */
export function corners(boxes: Float32Array): Float32Array {
  const out = new Float32Array(boxes.length);
  for (let i = 0; i < boxes.length; i += 4) {
    const halfWidth = boxes[i + 2]! / 2;
    const halfHeight = boxes[i + 3]! / 2;
    out[i] = boxes[i]! - halfWidth;
    out[i + 1] = boxes[i + 1]! - halfHeight;
    out[i + 2] = boxes[i]! + halfWidth;
    out[i + 3] = boxes[i + 1]! + halfHeight;
  }
  return out;
}
