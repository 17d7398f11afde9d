import { GlidError } from '@glid/base';
import type { Json } from '@glid/head-kit';
import { layerCount, layerIdOf } from '../encoder/layer-id.ts';
import type { SwinConfig } from '../encoder/swin-config.ts';
import type { ParameterFile } from '../weights/partial/load-parameters.ts';
import type { LoadReport } from '../weights/partial/load-report.ts';
import type { WeightSource } from '../weights/source/weight-source.ts';
import type { BatchSource, EvaluationSource } from './batch.ts';
import { alone, type Collectives } from './collectives.ts';
import type { EarlyStopping, WatchedMetric } from './early-stopping.ts';
import type { AveragingOptions } from './ema.ts';
import { overfit } from './overfit.ts';
import type { CheckpointOptions, OptimizerOptions } from './train-plan.ts';

/** AdamW's options with layer-wise decay as one number for the model's Swin. */
export type RunOptimizer = Omit<OptimizerOptions, 'layerDecay'> & {
  /** Each layer trains at this share of the next one's rate; absent = all alike. */
  readonly layerDecay?: number;
};

/** What pre-training and fine-tuning have in common. */
export interface RunOptions {
  readonly data: BatchSource;
  readonly optimizer: RunOptimizer;
  /** Optimiser steps; or give `epochs`. */
  readonly steps?: number;
  readonly epochs?: number;
  /** Only the first so many pictures, over and over: the first thing to try when a model does not learn. */
  readonly overfit?: number;
  /** Batches a step, default 1. */
  readonly accumulate?: number;
  readonly average?: AveragingOptions;
  /** Default 0. */
  readonly seed?: number;
  /** Compute encoder blocks again in the backward pass: less memory, more time. */
  readonly recompute?: boolean;
  /**
   * On CUDA, launch the forward and the backward pass as one graph each: the same numbers, less work for the host, more memory. Matching, loss
   * and the optimiser stay as they are. Batches of the same shape and picture sizes share their graphs; stochastic depth, pre-training
   * (both draw by chance) and `recompute` are computed as ever, as everything is on other backends.
   */
  readonly graphs?: boolean;
  readonly evaluation?: {
    readonly data: EvaluationSource;
    readonly everySteps: number;
    readonly metric?: WatchedMetric;
    readonly stopping?: EarlyStopping;
  };
  /** Weights to start from, and the groups to take: `encoder`, `neck`, `decoder`, `queries`, …; all that fits when absent. */
  readonly from?: WeightSource | ParameterFile;
  readonly parts?: readonly string[];
  /** Told what came from `from`, what is new and what was left over. */
  readonly onLoad?: (report: LoadReport) => void;
  /** `provenance`: what checkpoints say of where the weights come from, see `Model.describe`. */
  readonly checkpoints?: Omit<CheckpointOptions, 'metadata'> & {
    readonly provenance?: { readonly [fact: string]: Json };
  };
  readonly watchEvery?: number;
  readonly collectives?: Collectives;
  readonly signal?: AbortSignal;
  readonly leaks?: 'warn' | 'fail';
}

/** The source that a run reads. */
export function sourceOf(options: RunOptions): BatchSource {
  return options.overfit === undefined ? options.data : overfit(options.data, options.overfit);
}

/** Optimiser steps of a run. @throws GLID_CONFIG unless exactly one of `steps` and `epochs` is given */
export function stepsOf(options: RunOptions, source: BatchSource): number {
  if ((options.steps === undefined) === (options.epochs === undefined)) {
    throw new GlidError('GLID_CONFIG', 'A run needs its length.', { fix: 'Give either `steps` or `epochs`.' });
  }
  if (options.steps !== undefined) return options.steps;
  const perStep = source.batchSize * (options.accumulate ?? 1) * (options.collectives ?? alone).size;
  return Math.ceil((options.epochs! * source.pictures) / perStep);
}

/** The optimiser's options with layer-wise decay spelled out for this encoder. */
export function optimizerFor(options: RunOptimizer, encoder: SwinConfig): OptimizerOptions {
  const { layerDecay, ...rest } = options;
  if (layerDecay === undefined) return rest;
  const decay = {
    rate: layerDecay,
    layerCount: layerCount(encoder),
    layerIdOf: (name: string) => layerIdOf(name, encoder),
  };
  return { ...rest, layerDecay: decay };
}
