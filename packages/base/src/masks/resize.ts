import { decodeMask, encodeMask } from './dense.ts';
import type { MaskLike, RleRuns } from './runs.ts';
import { checkMaskSize, parseRle } from './runs.ts';

/** The mask at another size by its nearest pixels: the middle of each new pixel decides. */
export function resizeMask(mask: MaskLike, size: readonly [height: number, width: number]): RleRuns {
  const runs = parseRle(mask);
  const [height, width] = checkMaskSize(size);
  const [oldHeight, oldWidth] = runs.size;
  if (height === oldHeight && width === oldWidth) return runs;
  const out = new Uint8Array(height * width);
  if (oldHeight * oldWidth > 0) {
    const dense = decodeMask(runs, 'column');
    const rows = Int32Array.from({ length: height }, (_, y) => nearest(y, height, oldHeight));
    for (let x = 0; x < width; x++) {
      const column = nearest(x, width, oldWidth) * oldHeight;
      for (let y = 0; y < height; y++) out[x * height + y] = dense[column + rows[y]!]!;
    }
  }
  return encodeMask(out, [height, width], 'column');
}

/** Index of the old pixel under the middle of a new one; whole-number arithmetic, so that no rounding decides. */
function nearest(index: number, size: number, oldSize: number): number {
  return Math.floor(((2 * index + 1) * oldSize) / (2 * size));
}
