import type { SceneRecord, TargetOf } from '@glid/head-kit';

/**
 * `counts` `[K]` float32: how many things of each label a picture shows. A `value` is left alone by every augmentation, so train with
 * pipelines that keep the whole picture.
 */
export const targetFields = { counts: { kind: 'value' } } as const;

export type Target = TargetOf<typeof targetFields>;

/** What a data record teaches. Readers of @glid/data give records; a data set of your own gives whatever you read here. */
export function countObjects(record: SceneRecord, labels: readonly string[]): Target {
  const counts = new Float32Array(labels.length);
  for (const { label } of record.objects ?? []) {
    const k = labels.indexOf(label);
    if (k >= 0) counts[k] = counts[k]! + 1;
  }
  return { counts: { data: counts, shape: [labels.length] } };
}
