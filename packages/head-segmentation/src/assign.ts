import {
  addClassCosts,
  addCosts,
  type CostMatrix,
  costMatrix,
  type LossContext,
  type MaskCosts,
  maskCosts,
  matchQueries,
  pointCounts,
  type QueryMatch,
  softmaxRows,
  uncertainPoints,
} from '@glid/head-kit';
import { gatherRows, samplePoints } from '@glid/ops';
import {
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import type { SegmentationConfig } from './config.ts';
import { type PointDraws, randomDraws } from './draws.ts';
import { layerCount, type SegmentationRaw } from './forward.ts';
import type { SegmentationTarget } from './targets.ts';
import { type WantedMasks, wantedMasks } from './wanted-masks.ts';

/** Who answers for what in one layer, and where its masks are looked at. Rows: matched masks, picture after picture. */
export interface LayerAssignment {
  readonly matches: readonly QueryMatch[];
  /** `[N]` index of the query in `[B * M]`. */
  readonly rows: Int32Array;
  /** `[N, P, 2]` */
  readonly points: Float32Array;
  /** `[N, P]` values of the wanted masks there. */
  readonly values: Float32Array;
}

/** Plain data, so that it can cross an `await`. */
export interface SegmentationAssignment {
  /** Classes of each picture's targets. */
  readonly classes: readonly Int32Array[];
  readonly layers: readonly LayerAssignment[];
  /** Targets of the batch, averaged over ranks, at least 1. */
  readonly maskCount: number;
}

/** Mask2Former's matcher and choice of points, every layer on its own; all chance comes from the context's generator. */
export async function segmentationAssign(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  targets: readonly SegmentationTarget[],
  context: LossContext,
): Promise<SegmentationAssignment | null> {
  if (config.matching === 'perClass') return null;
  const wanted = targets.map((target, image) => wantedMasks(config, target, context.metas[image]!));
  const total = wanted.reduce((sum, { classes }) => sum + classes.length, 0);
  const maskCount = Math.max(1, await context.meanOverRanks(total));
  const draws = randomDraws(config, context.metas, context.random);
  return {
    classes: wanted.map(({ classes }) => classes),
    layers: await assignLayers(config, raw, wanted, draws),
    maskCount,
  };
}

/** The assignment of every layer, after two read-backs: costs, then logits of candidate points. */
export async function assignLayers(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  wanted: readonly WantedMasks[],
  draws: PointDraws,
): Promise<LayerAssignment[]> {
  const matches = await matchLayers(config, raw, wanted, draws);
  return Promise.all(
    matches.map(async (own, layer) => ({
      matches: own,
      ...(await choosePoints(config, raw[`masks.${layer}`]!, own, wanted, draws)),
    })),
  );
}

/** `[layer][picture]`. A picture's masks of all layers are looked at on the same points; everything is launched before anything is awaited. */
export async function matchLayers(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  wanted: readonly WantedMasks[],
  draws: PointDraws,
): Promise<QueryMatch[][]> {
  const { queries, matchWeights } = config;
  const width = config.labels.length + 1;
  const layers = Array.from({ length: layerCount(raw) }, (_, layer) => layer);
  const points = wanted.map((_, image) => draws.forMatching(image));
  const values = wanted.map((target, image) => sampled(target, points[image]!));
  const masks = layers.map((layer) => raw[`masks.${layer}`]!);
  const costs = await read(maskCosts(masks, points, values));
  const logits = await Promise.all(layers.map((layer) => raw[`logits.${layer}`]!.data()));
  return layers.map((layer) => {
    const probabilities = softmaxRows(logits[layer] as Float32Array, width);
    let first = 0;
    return wanted.map(({ classes }, image) => {
      const matrix = costMatrix(queries, classes.length);
      const start = image * queries * width;
      addClassCosts(matrix, matchWeights.class, probabilities.subarray(start, start + queries * width), classes);
      const own = (all: Float32Array): Float32Array => ofLayer(all, layer, layers.length, first, matrix);
      addCosts(matrix, matchWeights.mask, own(costs.crossEntropy));
      addCosts(matrix, matchWeights.dice, own(costs.dice));
      first += classes.length;
      return matchQueries(matrix);
    });
  });
}

/** All masks of a picture at its points, `[T * P]`. */
function sampled(target: WantedMasks, points: Float32Array): Float32Array {
  const count = points.length / 2;
  const values = new Float32Array(target.classes.length * count);
  for (let t = 0; t < target.classes.length; t++) target.sample(t, points, values, t * count);
  return values;
}

async function read({ crossEntropy, dice }: MaskCosts): Promise<Record<keyof MaskCosts, Float32Array>> {
  const [a, b] = (await Promise.all([crossEntropy.data(), dice.data()])) as [Float32Array, Float32Array];
  crossEntropy.dispose();
  dice.dispose();
  return { crossEntropy: a, dice: b };
}

/** Of costs `[S, L, M]`, those of one layer and of the picture whose targets begin at `first`: `[M, T]`. */
function ofLayer(
  all: Float32Array,
  layer: number,
  layers: number,
  first: number,
  { queries, targets }: CostMatrix,
): Float32Array {
  const out = new Float32Array(queries * targets);
  for (let t = 0; t < targets; t++) {
    const start = ((first + t) * layers + layer) * queries;
    for (let q = 0; q < queries; q++) out[q * targets + t] = all[start + q]!;
  }
  return out;
}

async function choosePoints(
  config: SegmentationConfig,
  masks: Tensor4D,
  matches: readonly QueryMatch[],
  wanted: readonly WantedMasks[],
  draws: PointDraws,
): Promise<Omit<LayerAssignment, 'matches'>> {
  const counts = pointCounts(config);
  const pairs = matches.flatMap(({ queries, targets }, image) =>
    Array.from(queries, (query, i) => ({ image, query, target: targets[i]! })),
  );
  if (pairs.length === 0) return { rows: new Int32Array(0), points: new Float32Array(0), values: new Float32Array(0) };
  const rows = Int32Array.from(pairs, ({ image, query }) => image * config.queries + query);
  const candidates = new Float32Array(pairs.length * counts.candidates * 2);
  const extra = new Float32Array(pairs.length * counts.uniform * 2);
  pairs.forEach(({ image }, n) => {
    const drawn = draws.forLoss(image);
    candidates.set(drawn.candidates, n * counts.candidates * 2);
    extra.set(drawn.extra, n * counts.uniform * 2);
  });
  const uncertain = await masksAt(masks, rows, candidates);
  const points = uncertainPoints(candidates, uncertain, extra, pairs.length, counts.uncertain);
  const values = new Float32Array(pairs.length * config.points);
  pairs.forEach(({ image, target }, n) => {
    const own = points.subarray(n * config.points * 2, (n + 1) * config.points * 2);
    wanted[image]!.sample(target, own, values, n * config.points);
  });
  return { rows, points, values };
}

/** Logits of the masks `rows` at `points [N, P, 2]`, read back. */
async function masksAt(masks: Tensor4D, rows: Int32Array, points: Float32Array): Promise<Float32Array> {
  const sampled: Tensor = tidy(() => sampleRows(masks, rows, points));
  const values = (await sampled.data()) as Float32Array;
  sampled.dispose();
  return values;
}

/** Logits of the masks `rows` of `[B, M, h, w]` at `points [N, P, 2]`: `[N, P]`, differentiable. */
export function sampleRows(masks: Tensor4D, rows: Int32Array, points: Float32Array): Tensor2D {
  const [batch, queries, height, width] = masks.shape;
  const flat = reshape(masks, [batch * queries, height * width]) as Tensor2D;
  const chosen = reshape(gatherRows(flat, tensor1d(rows, 'int32')), [rows.length, height, width]) as Tensor3D;
  return samplePoints(chosen, tensor3d(points, [rows.length, points.length / 2 / rows.length, 2])) as Tensor2D;
}
