import type { ImageMeta, SceneRecord, TargetOf } from '@glid/head-kit';

/**
 * One row a thing, in both fields: `places` `[N, 1, 3]` float32 (x, y in pixels, 2 = visible) and `classes` `[N]` int32. Points rather than
 * a map: an augmentation that cuts a thing off takes it out of the count, and a smaller picture has as many things as before.
 */
export const targetFields = { places: { kind: 'points' }, classes: { kind: 'labels' } } as const;

export type Target = TargetOf<typeof targetFields>;

/** The middles of the boxes of all things with one of the labels. A crowd region has no count, so it is left out. */
export function placesOf(record: SceneRecord, labels: readonly string[]): Target {
  const things = (record.objects ?? []).filter(({ label, crowd }) => labels.includes(label) && !crowd);
  return {
    places: {
      data: Float32Array.from(things.flatMap(({ box: [x0, y0, x1, y1] }) => [(x0 + x1) / 2, (y0 + y1) / 2, 2])),
      shape: [things.length, 1, 3],
    },
    classes: { data: Int32Array.from(things, ({ label }) => labels.indexOf(label)), shape: [things.length] },
  };
}

/** Cells of the 1/4 map that show the picture, not padding. */
export function shownCells({ resizedSize }: Pick<ImageMeta, 'resizedSize'>): [rows: number, columns: number] {
  return [Math.ceil(resizedSize[0] / 4), Math.ceil(resizedSize[1] / 4)];
}

/** Standard deviation of the spot that stands for one thing, in cells. */
const spread = 1;

/**
 * Things a cell of the 1/4 map, `[K, h, w]` row-major. Each thing is a Gaussian spot that is scaled to a sum of exactly 1 over the cells that
 * show the picture: at the border nothing of it is lost, so the map's sum is the count.
 */
export function densityOf(target: Target, labels: number, meta: ImageMeta): Float32Array {
  const [h, w] = meta.inputSize.map((n) => Math.ceil(n / 4)) as [number, number];
  const [rows, columns] = shownCells(meta);
  const density = new Float32Array(labels * h * w);
  target.classes.data.forEach((label, t) => {
    const down = spot(target.places.data[3 * t + 1]! / 4, rows);
    const across = spot(target.places.data[3 * t]! / 4, columns);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const cell = (label * h + y) * w + x;
        density[cell] = density[cell]! + down[y]! * across[x]!;
      }
    }
  });
  return density;
}

/** A Gaussian around `centre` at the middles of `cells` cells, with a sum of 1. */
function spot(centre: number, cells: number): Float64Array {
  const values = Float64Array.from({ length: cells }, (_, i) => Math.exp(-(((i + 0.5 - centre) / spread) ** 2) / 2));
  const sum = values.reduce((all, one) => all + one, 0);
  return values.map((value) => value / sum);
}
