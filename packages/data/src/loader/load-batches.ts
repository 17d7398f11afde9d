import { type Dataset, GlidError, Random } from '@glid/base';
import { type Augmentation, augment } from '../augment/augmentation.ts';
import type { Sample } from '../sample/sample.ts';
import { sampleRecord, type TargetSources } from '../sample/sources.ts';
import { type Batch, type CollateOptions, collate } from './collate.ts';
import { prefetch } from './prefetch.ts';
import { batchPositions, type StreamEntry, sampleOrder } from './sample-order.ts';
import { type SkippedRecord, type UnreadablePolicy, UnreadableRecords } from './unreadable.ts';

export interface LoadOptions extends UnreadablePolicy {
  readonly dataset: Dataset;
  /** What makes targets, by key: heads, or anything with `targetFields` and `targetsFrom`. Absent = pictures only. */
  readonly sources?: TargetSources;
  readonly pipeline?: readonly Augmentation[];
  /** Of this rank. */
  readonly batchSize: number;
  readonly seed?: number;
  /** Default true. */
  readonly shuffle?: boolean;
  readonly rank?: number;
  readonly world?: number;
  /** Samples that all ranks together have seen already: where to go on. Default 0. */
  readonly start?: number;
  /** Ends after this many passes, with a smaller last batch. Default endless. */
  readonly epochs?: number;
  /** Batches made ahead of the one in use. Default 2. */
  readonly prefetch?: number;
  readonly collate?: CollateOptions;
  /** Makes only every `of`-th batch, from the `part`-th on: what one of several workers does. */
  readonly share?: { readonly part: number; readonly of: number };
  readonly signal?: AbortSignal;
}

export interface LoadedBatch extends Batch {
  /** Records of this batch, in order. */
  readonly indices: readonly number[];
  /** Epoch of the first sample. */
  readonly epoch: number;
  /** Samples that all ranks together have seen after this batch: `start` of a resumed run. */
  readonly seen: number;
  /** Records that could not be read so far, on this rank. */
  readonly skipped: readonly SkippedRecord[];
}

/**
 * Batches in the order of `sampleOrder`, made ahead by a bounded number. Each sample's chance comes from (seed, epoch, index)
 * alone: neither speed, batch size nor number of ranks changes what a sample looks like. An unreadable record is replaced by
 * the next one of the data set while shuffling, and left out otherwise.
 * Throws `GLID_DATA` beyond `maxSkipped`, `GLID_ABORTED` when the signal fires.
 */
export async function* loadBatches(options: LoadOptions): AsyncGenerator<LoadedBatch, void, undefined> {
  const { dataset, start = 0, world = 1, prefetch: ahead = 2, signal } = options;
  const order = sampleOrder({ length: dataset.length, ...pick(options) });
  const end = options.epochs === undefined ? Number.POSITIVE_INFINITY : options.epochs * dataset.length;
  const unreadable = new UnreadableRecords(options, dataset.length);
  const { part, of } = options.share ?? { part: 0, of: 1 };
  const make = async (turn: number): Promise<LoadedBatch | null> => {
    throwIfAborted(signal);
    const step = turn * of + part;
    const entries = batchPositions(step, options, start)
      .filter((position) => position < end)
      .map(order);
    const loaded = (await Promise.all(entries.map((entry) => load(entry, options, unreadable)))).filter(isPresent);
    if (loaded.length === 0) return null;
    return {
      ...collate(
        loaded.map(({ sample }) => sample),
        options.collate,
      ),
      indices: loaded.map(({ index }) => index),
      epoch: entries[0]!.epoch,
      seen: Math.min(end, start + (step + 1) * world * options.batchSize),
      skipped: unreadable.skipped,
    };
  };
  const steps = Math.ceil((end - start) / (world * options.batchSize));
  for await (const batch of prefetch(Math.ceil((steps - part) / of), ahead, make)) {
    throwIfAborted(signal);
    if (batch) yield batch;
  }
}

function pick({ seed, shuffle }: LoadOptions): { seed?: number; shuffle?: boolean } {
  return { ...(seed === undefined ? {} : { seed }), ...(shuffle === undefined ? {} : { shuffle }) };
}

async function load(
  { epoch, index }: StreamEntry,
  options: LoadOptions,
  unreadable: UnreadableRecords,
): Promise<{ sample: Sample; index: number } | null> {
  const { dataset, sources, pipeline = [], seed = 0, shuffle = true } = options;
  for (let attempt = 0; attempt < dataset.length; attempt++) {
    const candidate = (index + attempt) % dataset.length;
    if (!unreadable.has(candidate)) {
      try {
        const sample = await sampleRecord(await dataset.get(candidate), sources);
        const random = Random.derive(seed, 'augment', epoch, candidate);
        return { sample: augment(sample, pipeline, random), index: candidate };
      } catch (error) {
        unreadable.note(candidate, error);
      }
    }
    if (!shuffle) return null;
  }
  return null;
}

function isPresent<T>(value: T | null): value is T {
  return value !== null;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new GlidError('GLID_ABORTED', 'Loading was aborted.', { fix: 'Start again to go on.', cause: signal.reason });
}
