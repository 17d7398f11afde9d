import { GlidError } from '../errors.ts';
import type { MaskLike, RleRuns } from './runs.ts';
import { checkMaskSize, parseRle } from './runs.ts';

/** Where pixel (y, x) of a dense mask lies: `row`: `y * width + x` (pictures, tensors); `column`: `x * height + y` (COCO). */
export type MaskOrder = 'row' | 'column';

/**
 * Run-length encodes a dense mask: `[height, width]`, anything but 0 counts as set.
 * Throws `GLID_SHAPE` when the length is not height * width.
 */
export function encodeMask(
  mask: ArrayLike<number>,
  size: readonly [height: number, width: number],
  order: MaskOrder = 'row',
): RleRuns {
  const [height, width] = checkMaskSize(size);
  if (mask.length !== height * width) {
    throw new GlidError('GLID_SHAPE', `A mask of ${height} x ${width} has ${mask.length} values.`, {
      fix: 'Pass one value a pixel and the size as [height, width].',
      details: { expected: height * width, got: mask.length },
    });
  }
  const rowStep = order === 'row' ? width : 1;
  const columnStep = order === 'row' ? 1 : height;
  const counts: number[] = [];
  let set = false;
  let run = 0;
  for (let x = 0; x < width; x++) {
    let at = x * columnStep;
    for (let y = 0; y < height; y++, at += rowStep) {
      if ((mask[at] !== 0) !== set) {
        counts.push(run);
        run = 0;
        set = !set;
      }
      run++;
    }
  }
  counts.push(run);
  return { size: [height, width], counts: new Uint32Array(counts) };
}

/** The dense mask, 0 or 1 a pixel, `[height, width]` in the order asked for. */
export function decodeMask(mask: MaskLike, order: MaskOrder = 'row'): Uint8Array {
  const { size, counts } = parseRle(mask);
  const [height, width] = size;
  const out = new Uint8Array(height * width);
  let start = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = start + counts[i]!;
    if (i % 2 === 1) {
      if (order === 'column') out.fill(1, start, end);
      else fillRowMajor(out, start, end, height, width);
    }
    start = end;
  }
  return out;
}

/** Sets the column-major positions start..end - 1 of a row-major mask. */
function fillRowMajor(out: Uint8Array, start: number, end: number, height: number, width: number): void {
  let x = Math.floor(start / height);
  let y = start - x * height;
  for (let p = start; p < end; p++) {
    out[y * width + x] = 1;
    if (++y === height) {
      y = 0;
      x++;
    }
  }
}
