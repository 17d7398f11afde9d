import {
  addClassCosts,
  costMatrix,
  type LossContext,
  type LossTerms,
  l1Loss,
  matchQueries,
  noObjectWeights,
  type QueryMatch,
  softmaxRows,
  sumTerms,
  weightedCrossEntropy,
} from '@glid/head-kit';
import { gatherRows } from '@glid/ops';
import { reshape, scalar, type Tensor2D, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import type { Raw } from './head.ts';
import { sharesOf, type Target } from './targets.ts';

/** Weight of the distance beside the class, in matching and in the loss. */
const distanceWeight = 5;

/** Which query answers for which thing, and how many pairs there are (a mean over ranks, at least 1). Plain data. */
export interface Assignment {
  readonly matches: readonly QueryMatch[];
  readonly pairs: number;
}

/** Reads the answers back and pairs them with the truth at least cost. No gradient flows through this, so it may wait. */
export async function assign(raw: Raw, targets: readonly Target[], context: LossContext): Promise<Assignment> {
  const [, queries, columns] = raw.logits.shape;
  const probabilities = softmaxRows(await raw.logits.data(), columns);
  const centres = await raw.centres.data();
  const matches = targets.map((target, b) => {
    const truth = sharesOf(target, context.metas[b]!);
    const things = target.classes.data.length;
    const costs = costMatrix(queries, things);
    addClassCosts(
      costs,
      1,
      probabilities.subarray(b * queries * columns, (b + 1) * queries * columns),
      target.classes.data,
    );
    for (let q = 0; q < queries; q++) {
      for (let t = 0; t < things; t++) {
        const at = (b * queries + q) * 2;
        const distance = Math.abs(centres[at]! - truth[2 * t]!) + Math.abs(centres[at + 1]! - truth[2 * t + 1]!);
        costs.values[q * things + t] = costs.values[q * things + t]! + distanceWeight * distance;
      }
    }
    return matchQueries(costs);
  });
  const pairs = matches.reduce((sum, match) => sum + match.queries.length, 0);
  return { matches, pairs: Math.max(1, await context.meanOverRanks(pairs)) };
}

/** Cross-entropy of all queries ("nothing" for those without a partner), distance of those with one. */
export function criterion(
  raw: Raw,
  targets: readonly Target[],
  { matches, pairs }: Assignment,
  { metas }: LossContext,
): LossTerms {
  const [batch, queries, columns] = raw.logits.shape;
  const nothing = columns - 1;
  const classes = new Int32Array(batch * queries).fill(nothing);
  const rows: number[] = [];
  const truth: number[] = [];
  matches.forEach((match, b) => {
    const shares = sharesOf(targets[b]!, metas[b]!);
    match.queries.forEach((q, k) => {
      const t = match.targets[k]!;
      classes[b * queries + q] = targets[b]!.classes.data[t]!;
      rows.push(b * queries + q);
      truth.push(shares[2 * t]!, shares[2 * t + 1]!);
    });
  });
  const classLoss = weightedCrossEntropy(raw.logits, classes, { classWeights: noObjectWeights(nothing) });
  if (rows.length === 0) return sumTerms({ class: classLoss, distance: scalar(0) });
  const matched = gatherRows(reshape(raw.centres, [-1, 2]) as Tensor2D, tensor1d(rows, 'int32'));
  const distance = l1Loss(matched, tensor2d(truth, [rows.length, 2]), pairs);
  return sumTerms({ class: classLoss, distance }, { distance: distanceWeight });
}
