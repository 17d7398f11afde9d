import {
  addClassCosts,
  addCosts,
  costMatrix,
  type LossContext,
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
  slice,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  tensor2d,
  tensor3d,
  tidy,
  tile,
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
  const layers: LayerAssignment[] = [];
  // One layer after another: the draws must come in a fixed order.
  for (let layer = 0; layer < layerCount(raw); layer++)
    layers.push(await assignLayer(config, raw, layer, wanted, draws));
  return { classes: wanted.map(({ classes }) => classes), layers, maskCount };
}

export async function assignLayer(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  layer: number,
  wanted: readonly WantedMasks[],
  draws: PointDraws,
): Promise<LayerAssignment> {
  const logits = raw[`logits.${layer}`]!;
  const masks = raw[`masks.${layer}`]!;
  const width = config.labels.length + 1;
  const probabilities = softmaxRows((await logits.data()) as Float32Array, width);
  const matches: QueryMatch[] = [];
  for (const [image, target] of wanted.entries()) {
    const own = probabilities.subarray(image * config.queries * width, (image + 1) * config.queries * width);
    matches.push(await matchPicture(config, masks, image, target, own, draws.forMatching(image)));
  }
  return { matches, ...(await choosePoints(config, masks, matches, wanted, draws)) };
}

async function matchPicture(
  config: SegmentationConfig,
  masks: Tensor4D,
  image: number,
  target: WantedMasks,
  probabilities: Float64Array,
  points: Float32Array,
): Promise<QueryMatch> {
  const [, queries, height, width] = masks.shape;
  const count = target.classes.length;
  const costs = costMatrix(queries, count);
  if (count === 0) return matchQueries(costs);
  const values = new Float32Array((count * points.length) / 2);
  for (let t = 0; t < count; t++) target.sample(t, points, values, (t * points.length) / 2);
  const pairs = tidy(() => {
    const own = reshape(slice(masks, [image, 0, 0, 0], [1, -1, -1, -1]), [queries, height, width]) as Tensor3D;
    const shared = tile(tensor3d(points, [1, points.length / 2, 2]), [queries, 1, 1]);
    return maskCosts(samplePoints(own, shared) as Tensor2D, tensor2d(values, [count, points.length / 2]));
  });
  const [crossEntropy, dice] = await Promise.all([pairs.crossEntropy.data(), pairs.dice.data()]);
  pairs.crossEntropy.dispose();
  pairs.dice.dispose();
  addClassCosts(costs, config.matchWeights.class, probabilities, target.classes);
  addCosts(costs, config.matchWeights.mask, crossEntropy);
  addCosts(costs, config.matchWeights.dice, dice);
  return matchQueries(costs);
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
