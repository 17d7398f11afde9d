import { type Dataset, GlidError, type SceneRecord } from '@glid/base';
import type { EvaluationSource } from '@glid/core/train';
import { type Augmentation, evaluationSource, sampleRecord, type TargetSources } from '@glid/data';
import { remembering } from './drawn-once.ts';

export interface ReadableSourceOptions {
  readonly dataset: Dataset;
  readonly sources?: TargetSources;
  readonly pipeline: readonly Augmentation[];
  readonly batchSize: number;
  /** Called once a pass for each record that cannot be read; absent, such a record is an error. */
  readonly onSkipped?: ((error: GlidError) => void) | undefined;
}

const codes = ['GLID_IMAGE', 'GLID_IO', 'GLID_DATA'] as const;

/** An evaluation source that leaves out what cannot be read. The next batch is read while the model computes. */
export function readableSource(options: ReadableSourceOptions): EvaluationSource {
  const { dataset, batchSize, sources, pipeline } = options;
  const read = async (first: number): Promise<SceneRecord[]> => {
    const count = Math.max(0, Math.min(batchSize, dataset.length - first));
    const found = await Promise.all(Array.from({ length: count }, (_, i) => readable(options, first + i)));
    return found.filter((record) => record !== null);
  };
  return {
    pictures: dataset.length,
    async *batches(running = {}) {
      let next = read(0);
      for (let first = 0; first < dataset.length; first += batchSize) {
        const records = await next;
        next = read(first + batchSize);
        next.catch(() => undefined); // seen in its turn
        if (running.signal?.aborted) return;
        if (records.length === 0) continue;
        const chunk = { ...dataset, length: records.length, get: async (i: number) => records[i]! };
        yield* evaluationSource({ dataset: chunk, ...(sources ? { sources } : {}), pipeline, batchSize }).batches(
          running,
        );
      }
    },
  };
}

async function readable(
  { dataset, sources, onSkipped }: ReadableSourceOptions,
  index: number,
): Promise<SceneRecord | null> {
  try {
    const record = remembering(await dataset.get(index));
    await sampleRecord(record, sources);
    return record;
  } catch (error) {
    if (!onSkipped || !codes.some((code) => GlidError.isInstance(error, code))) throw error;
    onSkipped(error as GlidError);
    return null;
  }
}

/** The first so many records of a data set whose pictures can be read. */
export async function firstReadable(dataset: Dataset, count: number): Promise<Dataset> {
  const records: SceneRecord[] = [];
  for (let i = 0; i < dataset.length && records.length < count; i++) {
    const record = await readable({ dataset, pipeline: [], batchSize: 1, onSkipped: () => undefined }, i);
    if (record) records.push(record);
  }
  return { ...dataset, length: records.length, get: async (i) => records[i]! };
}
