import { decodeMask, type ImageMeta, type SceneRecord, type TargetOf } from '@glid/head-kit';

/** In maps: nothing is known here. Augmentations fill padding and holes with it. */
export const unknown = 255;

/** `foreground` `[H, W]` int32: 1 where a thing shows, 0 elsewhere. `nearest`, because there is nothing between 0 and 1. */
export const targetFields = { foreground: { kind: 'map', interpolation: 'nearest', ignore: unknown } } as const;

export type Target = TargetOf<typeof targetFields>;

/** What a data record teaches: the masks of all things with one of the labels, in one map. */
export async function drawForeground(record: SceneRecord, labels: readonly string[]): Promise<Target> {
  const { width, height } = await record.image();
  const data = new Int32Array(width * height);
  for (const { label, mask } of record.objects ?? []) {
    if (!mask || !labels.includes(label)) continue;
    decodeMask(mask).forEach((inside, i) => {
      if (inside) data[i] = 1;
    });
  }
  return { foreground: { data, shape: [height, width] } };
}

/**
 * The share of foreground in each cell of the 1/4 map, row-major `[h * w]`, and in `known` the share of the cell that is known. Targets are
 * in input pixels, so one picture's map may be padded: its padding is unknown.
 */
export function foregroundCells(
  { foreground }: Target,
  { inputSize }: Pick<ImageMeta, 'inputSize'>,
): { readonly share: Float32Array; readonly known: Float32Array } {
  const [rows, columns] = foreground.shape as [number, number];
  const [h, w] = inputSize.map((n) => Math.ceil(n / 4)) as [number, number];
  const share = new Float32Array(h * w);
  const known = new Float32Array(h * w);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const value = foreground.data[y * columns + x]!;
      if (value === unknown) continue;
      const cell = Math.floor(y / 4) * w + Math.floor(x / 4);
      known[cell] = known[cell]! + 1 / 16;
      share[cell] = share[cell]! + value / 16;
    }
  }
  for (let i = 0; i < share.length; i++) if (known[i]! > 0) share[i] = share[i]! / known[i]!;
  return { share, known };
}
