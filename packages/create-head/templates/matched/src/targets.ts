import type { ImageMeta, SceneRecord, TargetOf } from '@glid/head-kit';

/**
 * One row a thing, in both fields: `centres` `[N, 1, 3]` float32 (x, y in pixels, 2 = visible) and `classes` `[N]` int32. Fields of instances
 * belong together: an augmentation that crops a thing away drops its row from both.
 */
export const targetFields = { centres: { kind: 'points' }, classes: { kind: 'labels' } } as const;

export type Target = TargetOf<typeof targetFields>;

/** What a data record teaches: where the middle of the box of each thing is that has one of the labels. */
export function centresOf(record: SceneRecord, labels: readonly string[]): Target {
  const things = (record.objects ?? []).filter(({ label, crowd }) => labels.includes(label) && !crowd);
  return {
    centres: {
      data: Float32Array.from(things.flatMap(({ box: [x0, y0, x1, y1] }) => [(x0 + x1) / 2, (y0 + y1) / 2, 2])),
      shape: [things.length, 1, 3],
    },
    classes: { data: Int32Array.from(things, ({ label }) => labels.indexOf(label)), shape: [things.length] },
  };
}

/** Centres `[N, 2]` as shares of the picture without its padding: what the network answers in. */
export function sharesOf({ centres }: Target, { resizedSize: [height, width] }: ImageMeta): Float32Array {
  const things = centres.shape[0]!;
  return Float32Array.from(
    { length: things * 2 },
    (_, i) => centres.data[Math.floor(i / 2) * 3 + (i % 2)]! / (i % 2 === 0 ? width : height),
  );
}
