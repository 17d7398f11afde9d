import { type ImageMeta, maskArea, type RleRuns } from '@glid/head-kit';
import { maskReadout, maskWords } from '@glid/ops';
import { reshape, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import type { SegmentationConfig } from '../config.ts';
import { chosenMasks } from './chosen-masks.ts';
import { encodePacked } from './packed-masks.ts';
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
 * probability x mean of sigmoid(mask) where the mask is set. Only the masks of those pairs are made large, and read back as bits.
 *
 * @param masks logits of one picture `[M, h, w]`  @param probabilities `[M, K + 1]`, "no object" last
 */
export async function instanceInference(
  config: SegmentationConfig,
  things: readonly boolean[],
  masks: Tensor3D,
  probabilities: Float64Array,
  meta: ImageMeta,
): Promise<readonly Instance[]> {
  const pairs = bestPairs(config, things, probabilities);
  const queries = [...new Set(pairs.map(({ query }) => query))];
  if (queries.length === 0) return [];
  const { words, areas, shares } = tidy(() => {
    const full = toOriginalSize(toInputSize(chosenMasks(masks, queries), meta), meta);
    return maskReadout(reshape(full, [-1, queries.length]) as Tensor2D); // [H W, S]
  });
  const [packed, pixels, sums] = await Promise.all([words.data(), areas.data(), shares.data()]);
  for (const tensor of [words, areas, shares]) tensor.dispose();
  const placed = placeInOriginal(packed as Float32Array, meta, 0, maskWords(queries.length));
  const encoded = encodePacked(placed, queries.length, meta.originalSize);
  const found = pairs.map(({ query, label, probability }) => {
    const s = queries.indexOf(query);
    return { label: config.labels[label]!, score: (probability * sums[s]!) / (pixels[s]! + 1e-6), mask: encoded[s]! };
  });
  return found.filter(({ mask }) => maskArea(mask) > 0).sort((a, b) => b.score - a.score);
}

interface Pair {
  readonly query: number;
  readonly label: number;
  readonly probability: number;
}

/** The `maxInstances` likeliest, of equal ones the first; best first. */
function bestPairs(
  { labels, maxInstances, mode }: SegmentationConfig,
  things: readonly boolean[],
  probabilities: Float64Array,
): Pair[] {
  const width = labels.length + 1;
  const likely = new Float64Array((probabilities.length / width) * labels.length);
  for (let i = 0, at = 0; i < probabilities.length; i++)
    if (i % width < labels.length) likely[at++] = probabilities[i]!;
  const least = likely.sort()[Math.max(0, likely.length - maxInstances)]!;
  const pairs: Pair[] = [];
  for (let i = 0; i < probabilities.length; i++) {
    const label = i % width;
    const probability = probabilities[i]!;
    if (label < labels.length && probability >= least) pairs.push({ query: Math.floor(i / width), label, probability });
  }
  const best = pairs.sort((a, b) => b.probability - a.probability).slice(0, maxInstances);
  return mode === 'panoptic' ? best.filter(({ label }) => things[label]) : best;
}
