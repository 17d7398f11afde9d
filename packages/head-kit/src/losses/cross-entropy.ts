import { GlidError } from '@glid/base';
import { differentiable } from '@glid/ops';
import {
  exp,
  logSoftmax,
  mul,
  neg,
  oneHot,
  reshape,
  type Scalar,
  sub,
  type Tensor,
  type Tensor2D,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import { total } from './total.ts';

export interface CrossEntropyOptions {
  /** One weight a class, `[K]`; ones when absent. DETR: 0.1 for "no object", 1 elsewhere (`noObjectWeights`). */
  readonly classWeights?: ArrayLike<number>;
  /** Rows of this class do not count: 255 in semantic maps. */
  readonly ignore?: number;
}

/**
 * Cross-entropy as a WEIGHTED MEAN over all rows of the batch: `sum w[c] * -log p[c] / sum w[c]` (DETR `loss_labels`, Mask2Former).
 * Zero when every row is ignored.
 *
 * @param logits `[..., K]`, K classes (with "no object" last where there is one)
 * @param classes one class index a row, in row-major order of the leading axes
 * @throws GlidError `GLID_SHAPE` when the counts differ; `GLID_DATA` when a class is outside 0..K-1
 */
export function weightedCrossEntropy(
  logits: Tensor,
  classes: ArrayLike<number>,
  options: CrossEntropyOptions = {},
): Scalar {
  const count = logits.shape.at(-1)!;
  const rows = logits.size / count;
  const weights = rowWeights(classes, rows, count, options);
  return differentiable<Scalar>(
    [logits],
    (save) => {
      const index = tensor1d(weights.index, 'int32');
      const perRow = tensor2d(weights.perRow, [rows, 1]);
      const chosen = mul(oneHot(index, count, 1, 0, 'float32'), perRow);
      const logProbabilities = logSoftmax(reshape(logits, [rows, count]) as Tensor2D);
      save([logProbabilities, chosen, perRow]);
      return neg(total(mul(logProbabilities, chosen))) as Scalar;
    },
    (dy, [logProbabilities, chosen, perRow]) => [
      reshape(mul(sub(mul(exp(logProbabilities!), perRow!), chosen!), dy), logits.shape),
    ],
  );
}

/** Class weights `[K + 1]`: 1 for every class, `weight` for the last, "no object". */
export function noObjectWeights(classes: number, weight = 0.1): Float32Array {
  const weights = new Float32Array(classes + 1).fill(1);
  weights[classes] = weight;
  return weights;
}

/** The clamped class and the share of the mean of each row; ignored rows have share 0. */
function rowWeights(
  classes: ArrayLike<number>,
  rows: number,
  count: number,
  { classWeights, ignore }: CrossEntropyOptions,
): { index: Int32Array; perRow: Float32Array } {
  if (classes.length !== rows || (classWeights && classWeights.length !== count)) {
    throw new GlidError(
      'GLID_SHAPE',
      `weightedCrossEntropy got ${rows} rows of ${count} logits, ${classes.length} classes and ${classWeights?.length ?? count} class weights.`,
      { fix: 'Pass one class a row and one weight a class.', details: { rows, count } },
    );
  }
  const index = new Int32Array(rows);
  const perRow = new Float32Array(rows);
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const label = classes[r]!;
    if (label === ignore) continue;
    if (!(label >= 0 && label < count && Number.isInteger(label))) {
      throw new GlidError('GLID_DATA', `Row ${r} has class ${label}, outside 0..${count - 1}.`, {
        fix: 'Map the class to an index of the label list, or pass it as `ignore`.',
        details: { row: r, class: label, count },
      });
    }
    const weight = classWeights ? classWeights[label]! : 1;
    index[r] = label;
    perRow[r] = weight;
    sum += weight;
  }
  if (sum > 0) for (let r = 0; r < rows; r++) perRow[r] = perRow[r]! / sum;
  return { index, perRow };
}
