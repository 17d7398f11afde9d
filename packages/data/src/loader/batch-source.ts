import { type Dataset, GlidError, type HostArray, Random } from '@glid/base';
import { type Augmentation, augment } from '../augment/augmentation.ts';
import type { Sample } from '../sample/sample.ts';
import { groupTargets, sampleRecord, type TargetSources } from '../sample/sources.ts';
import { type Batch, type CollateOptions, collate } from './collate.ts';
import { type LoadOptions, loadBatches } from './load-batches.ts';
import { prefetch } from './prefetch.ts';

/** What `pretrain` and `finetune` of `@glid/core/train` read: an endless stream of batches that can be entered anywhere. */
export interface BatchSource {
  /** Pictures an epoch, over all ranks. */
  readonly pictures: number;
  readonly batchSize: number;
  batches(from: number, options?: { readonly signal?: AbortSignal }): AsyncIterable<Batch>;
}

/** The batches of a data set, shuffled and augmented, for training. Ends without an error when the signal fires. */
export function batchSource(options: Omit<LoadOptions, 'start' | 'epochs' | 'signal'>): BatchSource {
  return {
    pictures: options.dataset.length,
    batchSize: options.batchSize,
    async *batches(from, { signal } = {}) {
      try {
        yield* loadBatches({ ...options, start: from, ...(signal ? { signal } : {}) });
      } catch (error) {
        if (!GlidError.isInstance(error, 'GLID_ABORTED')) throw error;
      }
    },
  };
}

export interface EvaluationBatch extends Batch {
  /** Un-augmented targets in original pixels, by source. */
  readonly truths: Batch['targets'];
}

export interface EvaluationOptions {
  readonly dataset: Dataset;
  readonly sources?: TargetSources;
  /** The test pipeline. Whatever chance it has is the same in every pass. */
  readonly pipeline?: readonly Augmentation[];
  readonly batchSize: number;
  readonly collate?: CollateOptions;
  /** Batches made ahead of the one in use. Default 2. */
  readonly prefetch?: number;
}

/** One pass over a data set in its own order, with the ground truth that metrics compare with. */
export function evaluationSource(options: EvaluationOptions): {
  readonly pictures: number;
  batches(options?: { readonly signal?: AbortSignal }): AsyncIterable<EvaluationBatch>;
} {
  const { dataset, sources = {}, pipeline = [], batchSize, prefetch: ahead = 2 } = options;
  const load = async (index: number): Promise<{ sample: Sample; truth: { readonly [name: string]: HostArray } }> => {
    const original = await sampleRecord(await dataset.get(index), sources);
    const truth = Object.fromEntries(Object.entries(original.fields).map(([name, { value }]) => [name, value]));
    return { sample: augment(original, pipeline, Random.derive(0, 'evaluation', index)), truth };
  };
  const make = async (step: number): Promise<EvaluationBatch> => {
    const first = step * batchSize;
    const count = Math.min(batchSize, dataset.length - first);
    const loaded = await Promise.all(Array.from({ length: count }, (_, i) => load(first + i)));
    return {
      ...collate(
        loaded.map(({ sample }) => sample),
        options.collate,
      ),
      truths: groupTargets(loaded.map(({ truth }) => truth)),
    };
  };
  return {
    pictures: dataset.length,
    async *batches({ signal } = {}) {
      for await (const batch of prefetch(Math.ceil(dataset.length / batchSize), ahead, make)) {
        if (signal?.aborted) return;
        yield batch;
      }
    },
  };
}
