import type { Dataset, SceneRecord } from '@glid/base';

/**
 * Keeps what was read or drawn once: pictures and maps of the first `maxRecords` different records asked for (default 2000). For
 * small sets and synthetic scenes, whose drawing costs more than their augmentation.
 */
export function keepInMemory(dataset: Dataset, maxRecords = 2000): Dataset {
  const kept = new Map<number, Promise<SceneRecord>>();
  return {
    ...dataset,
    get(index) {
      const known = kept.get(index);
      if (known) return known;
      const record = dataset.get(index).then(remembering);
      if (kept.size < maxRecords) {
        kept.set(index, record);
        record.catch(() => kept.delete(index));
      }
      return record;
    },
  };
}

function remembering(record: SceneRecord): SceneRecord {
  const { semantic, panoptic, depth } = record;
  return {
    ...record,
    image: once(record.image),
    ...(semantic ? { semantic: once(semantic) } : {}),
    ...(panoptic ? { panoptic: once(panoptic) } : {}),
    ...(depth ? { depth: once(depth) } : {}),
  };
}

/** Calls once and keeps the answer; failures are not kept. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= read().catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}
