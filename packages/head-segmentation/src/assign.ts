import {
  addClassCosts,
  addCosts,
  costMatrix,
  type LossContext,
  maskCosts,
  matchQueries,
  pointCounts,
  type QueryMatch,
  sampleShared,
  softmaxRows,
  uncertainPoints,
} from '@glid/head-kit';
import { gatherRows, samplePoints } from '@glid/ops';
import {
  concat,
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

/** `[layer][picture]`. All layers of a picture are looked at on the same points, together, and everything is launched before anything is awaited. */
async function matchLayers(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  wanted: readonly WantedMasks[],
  draws: PointDraws,
): Promise<QueryMatch[][]> {
  const { queries, matchWeights } = config;
  const width = config.labels.length + 1;
  const layers = Array.from({ length: layerCount(raw) }, (_, layer) => layer);
  const masks = layers.map((layer) => raw[`masks.${layer}`]!);
  const pairs = wanted.map((target, image) => pairCosts(masks, image, target, draws.forMatching(image)));
  const logits = await Promise.all(layers.map((layer) => raw[`logits.${layer}`]!.data()));
  const costs = await Promise.all(pairs.map(readCosts));
  return layers.map((layer) => {
    const probabilities = softmaxRows(logits[layer] as Float32Array, width);
    return wanted.map(({ classes }, image) => {
      const matrix = costMatrix(queries, classes.length);
      const own = costs[image];
      if (!own) return matchQueries(matrix);
      const size = queries * classes.length;
      const ofLayer = (all: Float32Array): Float32Array => all.subarray(layer * size, (layer + 1) * size);
      const start = image * queries * width;
      addClassCosts(matrix, matchWeights.class, probabilities.subarray(start, start + queries * width), classes);
      addCosts(matrix, matchWeights.mask, ofLayer(own.crossEntropy));
      addCosts(matrix, matchWeights.dice, ofLayer(own.dice));
      return matchQueries(matrix);
    });
  });
}

type PairCosts = ReturnType<typeof maskCosts>;

/** Costs `[L * M, T]` of every layer's masks of one picture, on points that all share; null when it has no targets. */
function pairCosts(
  layers: readonly Tensor4D[],
  image: number,
  target: WantedMasks,
  points: Float32Array,
): PairCosts | null {
  const [, queries, height, width] = layers[0]!.shape;
  const count = target.classes.length;
  if (count === 0) return null;
  const values = new Float32Array((count * points.length) / 2);
  for (let t = 0; t < count; t++) target.sample(t, points, values, (t * points.length) / 2);
  return tidy(() => {
    const own = layers.map((masks) =>
      reshape(slice(masks, [image, 0, 0, 0], [1, -1, -1, -1]), [queries, height, width]),
    );
    const logits = sampleShared(concat(own, 0) as Tensor3D, points);
    return maskCosts(logits, tensor2d(values, [count, points.length / 2]));
  });
}

async function readCosts(pair: PairCosts | null): Promise<{ crossEntropy: Float32Array; dice: Float32Array } | null> {
  if (!pair) return null;
  const [crossEntropy, dice] = (await Promise.all([pair.crossEntropy.data(), pair.dice.data()])) as Float32Array[];
  pair.crossEntropy.dispose();
  pair.dice.dispose();
  return { crossEntropy: crossEntropy!, dice: dice! };
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
