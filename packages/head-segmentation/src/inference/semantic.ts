import type { ImageMeta } from '@glid/head-kit';
import {
  argMax,
  expandDims,
  matMul,
  reshape,
  sigmoid,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { placeInOriginal, toInputSize, toOriginalSize } from './resize.ts';

/** Class index of every pixel of the original, row-major; 255 outside the part that was fed. */
export interface SemanticMap {
  readonly data: Uint8Array;
  readonly size: readonly [height: number, width: number];
}

/**
 * Mask2Former's semantic inference: `score[c] = sum_q p[q, c] sigmoid(mask_q)` at input size, resized, then the best class.
 *
 * @param masks logits of one picture `[M, h, w]`  @param probabilities `[M, K]` without "no object"
 */
export function semanticFromMasks(
  masks: Tensor3D,
  probabilities: Float32Array,
  labels: number,
  meta: ImageMeta,
): Promise<SemanticMap> {
  return bestClass(meta, () => {
    const [height, width] = meta.resizedSize;
    const queries = masks.shape[0];
    const last = expandDims(transpose(masks, [1, 2, 0])) as Tensor4D; // [1, h, w, M]
    const shares = reshape(sigmoid(toInputSize(last, meta)), [height * width, queries]);
    const scores = matMul(shares, tensor2d(probabilities, [queries, labels]));
    return reshape(scores, [1, height, width, labels]);
  });
}

/** With one query a class: the class whose logit is greatest, after resizing. `classes [1, h, w, K]`. */
export function semanticFromClasses(classes: Tensor4D, meta: ImageMeta): Promise<SemanticMap> {
  return bestClass(meta, () => toInputSize(classes, meta));
}

async function bestClass(meta: ImageMeta, scores: () => Tensor4D): Promise<SemanticMap> {
  const best = tidy(() => reshape(argMax(toOriginalSize(scores(), meta), 3), [-1]) as Tensor1D);
  const map = Uint8Array.from((await best.data()) as Int32Array);
  best.dispose();
  return { data: placeInOriginal(map, meta, 255), size: meta.originalSize };
}
