import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  abs,
  add,
  concat,
  div,
  log,
  matMul,
  mul,
  ones,
  relu,
  reshape,
  sigmoid,
  slice,
  sub,
  sum,
  tensor2d,
  tensor3d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { runGlidKernel } from './kernel.ts';
import { sampleShared } from './sample-shared.ts';
import { requireShape } from './shape.ts';

/** `[S, L, M]` each, S = targets of all pictures in order. The caller disposes both. */
export interface MaskCosts {
  readonly crossEntropy: Tensor3D;
  readonly dice: Tensor3D;
}

/**
 * What every mask of every layer costs against every target of its picture (Mask2Former's matcher): mean cross-entropy, and dice, on points that
 * all masks of a picture share. Kernel: `GlidMaskCosts`. Without gradient. Throws `GLID_SHAPE`.
 *
 * @param layers logits of each decoder layer, `[B, M, H, W]`
 * @param points of each picture, `[P * 2]` as (x, y) in 0..1
 * @param targets of each picture: values of its masks at its points, `[T * P]`, 0..1
 */
export function maskCosts(
  layers: readonly Tensor4D[],
  points: readonly Float32Array[],
  targets: readonly Float32Array[],
): MaskCosts {
  const [batch, queries] = layers[0]!.shape;
  const count = points[0]!.length / 2;
  const counts = targets.map((values) => values.length / count);
  requireShape(
    points.length === batch && targets.length === batch && counts.every(Number.isInteger),
    'maskCosts',
    'layers [B, M, H, W], and for each picture points [P, 2] and targets [T, P]',
    { masks: layers[0]! },
  );
  const total = counts.reduce((all, own) => all + own, 0);
  if (total === 0)
    return { crossEntropy: zeros([0, layers.length, queries]), dice: zeros([0, layers.length, queries]) };
  return tidy(() => {
    const inputs = {
      points: tensor3d(joined(points), [batch, count, 2]),
      targets: tensor2d(joined(targets), [total, count]),
      ...Object.fromEntries(layers.map((masks, l) => [`x${l}`, masks])),
    };
    const fused = runGlidKernel('GlidMaskCosts', inputs, { count: layers.length, targetCounts: counts });
    if (fused) return { crossEntropy: fused[0]!, dice: fused[1]! } as never;
    const pictures = points.flatMap((own, image) =>
      counts[image] === 0 ? [] : [ofPicture(layers, image, own, tensor2d(targets[image]!, [counts[image]!, count]))],
    );
    const together = (name: 'crossEntropy' | 'dice'): Tensor3D =>
      reshape(concat(pictures.map((picture) => picture[name])), [total, layers.length, queries]);
    return { crossEntropy: together('crossEntropy'), dice: together('dice') } as never;
  }) as unknown as MaskCosts;
}

/** `[T, L * M]` each. Points come first in `logits`, so that a sum over points is a matrix product. */
function ofPicture(
  layers: readonly Tensor4D[],
  image: number,
  points: Float32Array,
  targets: Tensor2D,
): { crossEntropy: Tensor2D; dice: Tensor2D } {
  const [, queries, height, width] = layers[0]!.shape;
  const count = points.length / 2;
  const masks = layers.map((layer) =>
    reshape(slice(layer, [image, 0, 0, 0], [1, -1, -1, -1]), [queries, height, width]),
  );
  const logits = sampleShared(concat(masks) as Tensor3D, points); // [P, L M]
  const column = ones([1, count]);
  // softplus(x) - x t, summed over points.
  const softplus = sub(matMul(column, relu(logits)), logSigmoidSums(logits));
  const crossEntropy = div(sub(softplus, matMul(targets, logits)), count) as Tensor2D;
  const shares = sigmoid(logits);
  const areas = add(matMul(column, shares), sum(targets, 1, true));
  const dice = sub(1, div(add(mul(matMul(targets, shares), 2), 1), add(areas, 1))) as Tensor2D;
  return { crossEntropy, dice };
}

/**
 * Sum of log sigmoid(|x|) over points, `[1, N]`. A sum of logarithms is the logarithm of a product, which spares nearly all of them: halves are
 * multiplied up to six times. Factors are at least 1/2, so 64 of them stay far above the least float32.
 */
function logSigmoidSums(logits: Tensor2D): Tensor2D {
  const masks = logits.shape[1];
  let factors = sigmoid(abs(logits));
  for (let i = 0; i < 6 && factors.shape[0] % 2 === 0; i++) {
    const half = factors.shape[0] / 2;
    factors = mul(slice(factors, [0, 0], [half, masks]), slice(factors, [half, 0], [half, masks]));
  }
  return matMul(ones([1, factors.shape[0]]), log(factors));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
