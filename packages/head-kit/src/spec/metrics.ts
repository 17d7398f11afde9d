import type { ImageMeta } from './image-meta.ts';

/** One picture's prediction beside its ground truth. */
export interface MetricSample<Result, Target> {
  readonly result: Result;
  readonly target: Target;
  readonly meta: ImageMeta;
}

/** Streaming: any partition of the pictures into updates gives the same numbers. */
export interface MetricAccumulator<Result, Target> {
  update(batch: readonly MetricSample<Result, Target>[]): void;
  /** Named numbers on a 0..1 scale where they are ratios; NaN where nothing was counted. */
  compute(): { readonly [name: string]: number };
  reset(): void;
}
