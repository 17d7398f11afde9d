import type { HostArray, ImageMeta } from '@glid/head-kit';

/** One picture's targets for one head: host arrays by field name. */
export type HostTargets = { readonly [field: string]: HostArray };

/** A batch in host memory; B pictures of one padded size. What `@glid/data` collates fits. */
export interface Batch {
  /** `[B, H, W, 3]`, row-major, normalised; padding is 0, at the right and bottom. */
  readonly images: { readonly data: Float32Array; readonly shape: readonly [number, number, number, number] };
  /** One a picture: which part of it is padding, and how to get back to original pixels. */
  readonly metas: readonly ImageMeta[];
  /**
   * By head key, one a picture, in input pixels. A head without an entry sits this batch out, so one source may mix data sets.
   * Empty for pre-training.
   */
  readonly targets: { readonly [head: string]: readonly HostTargets[] };
  /** Un-augmented targets in ORIGINAL pixels, for metrics; only evaluation sources have them. */
  readonly truths?: { readonly [head: string]: readonly HostTargets[] };
}

/**
 * Where training batches come from. The pictures of a run form one endless stream: epoch after epoch, each a permutation of the
 * data set, all of it a pure function of the seed. What a batch holds, augmentation included, depends on its place in the stream
 * alone; so a resumed run, or one resumed with other batch or world sizes, sees each picture once an epoch.
 */
export interface BatchSource {
  /** N: pictures an epoch, over all ranks. Picture p of the stream belongs to epoch floor(p / N). */
  readonly pictures: number;
  /** B: pictures a batch, on this rank. */
  readonly batchSize: number;
  /**
   * Endless. With W ranks, batch k of rank r holds pictures `from + (k W + r) B` up to `from + (k W + r + 1) B` of the stream.
   * Ends early, without an error, when the signal fires.
   */
  batches(from: number, options?: { readonly signal?: AbortSignal }): AsyncIterable<Batch>;
}

/** A source of one pass, for evaluation. */
export interface EvaluationSource {
  readonly pictures: number;
  /** Every picture once, in a fixed order; the last batch may be smaller. */
  batches(options?: { readonly signal?: AbortSignal }): AsyncIterable<Batch>;
}
