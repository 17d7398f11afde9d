import type { ImageMeta } from '@glid/head-kit';
import { type MaskContest, maskContest } from '@glid/ops';
import { gather, mul, reshape, type Tensor2D, type Tensor3D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { SegmentationConfig } from '../config.ts';
import { chosenMasks } from './chosen-masks.ts';
import { placeInOriginal, toInputSize, toOriginalSize } from './resize.ts';

export interface PanopticSegmentResult {
  /** Its value in the map, from 1. */
  readonly id: number;
  readonly label: string;
  readonly isThing: boolean;
  /** Probability of the label. */
  readonly score: number;
  /** Pixels. */
  readonly area: number;
}

/** Segment of every pixel of the original, row-major; 0 = void. */
export interface PanopticMapResult {
  readonly ids: Int32Array;
  readonly size: readonly [height: number, width: number];
  readonly segments: readonly PanopticSegmentResult[];
}

/**
 * Mask2Former's panoptic inference: sure queries compete for each pixel with `score * sigmoid(mask)`; a segment that keeps too little of its
 * own mask is dropped; stuff of one class is one segment. Only areas and the finished map are read back.
 *
 * @param masks logits of one picture `[M, h, w]`  @param probabilities `[M, K + 1]`, "no object" last
 */
export async function panopticInference(
  config: SegmentationConfig,
  things: readonly boolean[],
  masks: Tensor3D,
  probabilities: Float64Array,
  meta: ImageMeta,
): Promise<PanopticMapResult> {
  const sure = sureQueries(config, probabilities);
  const pixels = meta.originalSize[0] * meta.originalSize[1];
  if (sure.length === 0) return { ids: new Int32Array(pixels), size: meta.originalSize, segments: [] };

  const { winner, inside, areas, taken } = tidy(() => compete(masks, sure, meta));
  const counts = (await Promise.all([areas.data(), taken.data()])) as [Float32Array, Float32Array];
  const { lookup, segments } = nameSegments(config, things, sure, ...counts);
  const ids = tidy(() => mul(gather(tensor1d(lookup, 'int32'), winner), inside));
  const map = (await ids.data()) as Int32Array;
  for (const tensor of [winner, inside, areas, taken, ids]) tensor.dispose();
  return { ids: placeInOriginal(Int32Array.from(map), meta, 0), size: meta.originalSize, segments };
}

function compete(masks: Tensor3D, sure: readonly SureQuery[], meta: ImageMeta): MaskContest {
  const chosen = chosenMasks(
    masks,
    sure.map(({ query }) => query),
  );
  const logits = reshape(toOriginalSize(toInputSize(chosen, meta), meta), [-1, sure.length]) as Tensor2D; // [H W, S]
  return maskContest(logits, tensor1d(sure.map(({ score }) => score)));
}

interface SureQuery {
  readonly query: number;
  readonly label: number;
  readonly score: number;
}

function sureQueries({ labels, objectThreshold }: SegmentationConfig, probabilities: Float64Array): SureQuery[] {
  const width = labels.length + 1;
  const sure: SureQuery[] = [];
  for (let query = 0; query * width < probabilities.length; query++) {
    let label = 0;
    for (let k = 1; k < width; k++) {
      if (probabilities[query * width + k]! > probabilities[query * width + label]!) label = k;
    }
    const score = probabilities[query * width + label]!;
    if (label < labels.length && score > objectThreshold) sure.push({ query, label, score });
  }
  return sure;
}

/** Ids from 1 in the order of the queries; `lookup[s]` is the id of sure query s, 0 when it is dropped. */
function nameSegments(
  config: SegmentationConfig,
  things: readonly boolean[],
  sure: readonly SureQuery[],
  own: Float32Array,
  taken: Float32Array,
): { lookup: Int32Array; segments: PanopticSegmentResult[] } {
  const lookup = new Int32Array(sure.length);
  const segments: PanopticSegmentResult[] = [];
  const stuffAt = new Map<number, number>();
  sure.forEach(({ label, score }, s) => {
    const [original, won, kept] = [own[s]!, taken[2 * s]!, taken[2 * s + 1]!];
    if (won === 0 || original === 0 || kept === 0 || won / original < config.overlapThreshold) return;
    const isThing = things[label]!;
    const merged = isThing ? undefined : stuffAt.get(label);
    if (merged !== undefined) {
      const segment = segments[merged]!;
      lookup[s] = segment.id;
      segments[merged] = { ...segment, area: segment.area + kept, score: Math.max(segment.score, score) };
      return;
    }
    if (!isThing) stuffAt.set(label, segments.length);
    segments.push({ id: segments.length + 1, label: config.labels[label]!, isThing, score, area: kept });
    lookup[s] = segments.length;
  });
  return { lookup, segments };
}
