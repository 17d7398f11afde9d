import { concat, reverse, slice, type Tensor } from '@tensorflow/tfjs-core';
import type { ImageMeta } from '../spec/image-meta.ts';

/**
 * Turns maps of mirrored pictures back, `[B, …, w]`: the columns that show a picture are reversed, its padding at the right stays.
 * A partly covered column counts as shown.
 */
export function mirrorMaps<T extends Tensor>(maps: T, metas: readonly ImageMeta[]): T {
  const width = maps.shape.at(-1)!;
  const shown = metas.map(({ resizedSize, inputSize }) => Math.ceil((width * resizedSize[1]) / inputSize[1]));
  const last = maps.rank - 1;
  if (shown.every((columns) => columns === width)) return reverse(maps, last);
  const part = (picture: number, from: number, columns: number): Tensor =>
    slice(
      maps,
      maps.shape.map((_, axis) => (axis === 0 ? picture : axis === last ? from : 0)),
      maps.shape.map((n, axis) => (axis === 0 ? 1 : axis === last ? columns : n)),
    );
  const pictures = shown.map((columns, b) => {
    const back = reverse(part(b, 0, columns), last);
    return columns === width ? back : concat([back, part(b, columns, width - columns)], last);
  });
  return concat(pictures, 0) as T;
}
