import type { Dataset, SceneRecord } from '@glid/base';

/** Bytes that drawn scenes may take in memory. */
const limit = 512 * 2 ** 20;

/** Scenes that are drawn when they are first asked for and then kept, as far as they fit into memory. */
export function drawnOnce(dataset: Dataset, [height, width]: readonly [number, number]): Dataset {
  // Picture, class map, segments, depth.
  if (dataset.length * height * width * 16 > limit) return dataset;
  const records = new Map<number, Promise<SceneRecord>>();
  return {
    ...dataset,
    get(index) {
      const known = records.get(index);
      if (known) return known;
      const record = dataset.get(index).then(remembering);
      records.set(index, record);
      return record;
    },
  };
}

/** A record that reads each of its maps once. */
export function remembering(record: SceneRecord): SceneRecord {
  const { semantic, panoptic, depth } = record;
  return {
    ...record,
    image: once(() => record.image()),
    ...(semantic ? { semantic: once(semantic) } : {}),
    ...(panoptic ? { panoptic: once(panoptic) } : {}),
    ...(depth ? { depth: once(depth) } : {}),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
