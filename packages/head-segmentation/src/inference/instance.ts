import { encodeMask, type ImageMeta, maskArea, type RleRuns } from '@glid/head-kit';
import {
  add,
  cast,
  div,
  gather,
  greater,
  mul,
  reshape,
  sigmoid,
  sum,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import type { SegmentationConfig } from '../config.ts';
import { placeInOriginal, toInputSize, toOriginalSize } from './resize.ts';

/** One found object. */
export interface Instance {
  readonly label: string;
  /** Probability of the label times the mean certainty inside the mask. */
  readonly score: number;
  /** Run-length encoded, of the original's size. */
  readonly mask: RleRuns;
}

/**
 * Mask2Former's instance inference: the best (query, class) pairs of all, so that a query may appear with several classes; score = class
 * probability x mean of sigmoid(mask) where the mask is set. Only the masks of those pairs are read back.
 *
 * @param masks logits of one picture `[1, h, w, M]`  @param probabilities `[M, K + 1]`, "no object" last
 */
export async function instanceInference(
  config: SegmentationConfig,
  things: readonly boolean[],
  masks: Tensor4D,
  probabilities: Float64Array,
  meta: ImageMeta,
): Promise<readonly Instance[]> {
  const pairs = bestPairs(config, things, probabilities);
  const queries = [...new Set(pairs.map(({ query }) => query))];
  if (queries.length === 0) return [];
  const { set, certainty } = tidy(() => {
    const chosen = gather(masks, tensor1d(queries, 'int32'), 3) as Tensor4D;
    const full = toOriginalSize(toInputSize(chosen, meta), meta);
    const logits = transpose(reshape(full, [-1, queries.length]) as Tensor2D); // [S, H W]
    // allow-op greater: results only, never differentiated
    const inside = cast(greater(logits, 0), 'float32');
    const mean = div(sum(mul(sigmoid(logits), inside), 1), add(sum(inside, 1), 1e-6));
    return { set: cast(inside, 'bool'), certainty: mean };
  });
  const [bits, means] = await Promise.all([set.data(), certainty.data()]);
  set.dispose();
  certainty.dispose();
  const pixels = bits.length / queries.length;
  const encoded = queries.map((_, s) => {
    const mask = Uint8Array.from((bits as Uint8Array).subarray(s * pixels, (s + 1) * pixels));
    return encodeMask(placeInOriginal(mask, meta, 0), meta.originalSize);
  });
  const found = pairs.map(({ query, label, probability }) => {
    const s = queries.indexOf(query);
    return { label: config.labels[label]!, score: probability * means[s]!, mask: encoded[s]! };
  });
  return found.filter(({ mask }) => maskArea(mask) > 0).sort((a, b) => b.score - a.score);
}

function bestPairs(
  { labels, maxInstances, mode }: SegmentationConfig,
  things: readonly boolean[],
  probabilities: Float64Array,
): { query: number; label: number; probability: number }[] {
  const width = labels.length + 1;
  const pairs: { query: number; label: number; probability: number }[] = [];
  for (let i = 0; i < probabilities.length; i++) {
    const label = i % width;
    if (label < labels.length) pairs.push({ query: Math.floor(i / width), label, probability: probabilities[i]! });
  }
  const best = pairs.sort((a, b) => b.probability - a.probability).slice(0, maxInstances);
  return mode === 'panoptic' ? best.filter(({ label }) => things[label]) : best;
}
