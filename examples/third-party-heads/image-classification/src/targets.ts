import type { SceneRecord, TargetOf } from '@glid/head-kit';

/** A picture that belongs to none of the classes: it neither teaches nor counts. */
export const unknown = -1;

/** `class` `[1]` int32: an index into the labels, or `unknown`. */
export const targetFields = { class: { kind: 'value' } } as const;

export type Target = TargetOf<typeof targetFields>;

/**
 * The class of a picture is the folder that it lies in: `cats/12.jpg`. In data sets with annotated objects, where folders mean nothing, it
 * is the label of the largest object.
 */
export function classOf(record: SceneRecord, labels: readonly string[]): Target {
  const folders = record.id.split('/').slice(0, -1);
  const named = folders.map((name) => labels.indexOf(name)).findLast((index) => index >= 0);
  return { class: { data: Int32Array.of(named ?? largest(record, labels)), shape: [1] } };
}

function largest({ objects = [] }: SceneRecord, labels: readonly string[]): number {
  let [found, most] = [unknown, 0];
  for (const { label, box, area } of objects) {
    const index = labels.indexOf(label);
    const size = area ?? (box[2] - box[0]) * (box[3] - box[1]);
    if (index >= 0 && size > most) [found, most] = [index, size];
  }
  return found;
}
