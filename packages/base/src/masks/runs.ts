import type { DataPlace } from '../data-error.ts';
import { dataError, shown } from '../data-error.ts';
import type { Rle } from '../record.ts';
import { rleCountsFromString } from './string.ts';

/**
 * A run-length encoded mask ready for arithmetic: column-major runs, zeros first, and no empty run but perhaps the first one.
 * `parseRle`, `encodeMask` and every operation on masks give this canonical form; an `Rle` is what files hold.
 */
export interface RleRuns {
  readonly size: readonly [height: number, width: number];
  readonly counts: Uint32Array;
}

/** What operations on masks take. */
export type MaskLike = Rle | RleRuns;

const largestMask = 2 ** 31 - 1;

export function checkMaskSize(size: unknown, place: DataPlace = {}): readonly [number, number] {
  const ok = Array.isArray(size) && size.length === 2 && size.every((n) => Number.isInteger(n) && n >= 0);
  if (!ok || size[0] * size[1] > largestMask) {
    throw dataError(
      { ...place, got: size },
      `The size of a mask is ${JSON.stringify(size)}, not [height, width] in pixels.`,
      'Give the size as two whole numbers of at most 2^31 - 1 pixels in all.',
    );
  }
  return [size[0], size[1]];
}

/** Runs of any origin made canonical: empty runs vanish and their neighbours join. */
export function canonicalRuns(counts: ArrayLike<number>): Uint32Array {
  const out: number[] = [0];
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (count === 0) continue;
    if ((out.length - 1) % 2 === i % 2) out[out.length - 1]! += count;
    else out.push(count);
  }
  return new Uint32Array(out);
}

/**
 * The runs of a mask out of a file, checked: whole counts that fill the mask exactly.
 * Throws `GLID_DATA`, with `place` in its details, for anything else. Masks that are parsed already are returned as they are.
 */
export function parseRle(mask: MaskLike, place: DataPlace = {}): RleRuns {
  if (mask.counts instanceof Uint32Array) return mask as RleRuns;
  const size = checkMaskSize(mask.size, place);
  const counts = typeof mask.counts === 'string' ? rleCountsFromString(mask.counts, place) : mask.counts;
  if (!Array.isArray(counts)) {
    throw dataError({ ...place, got: typeof counts }, 'RLE counts are neither a string nor a list.', 'Give COCO RLE.');
  }
  let total = 0;
  let canonical = true;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i];
    if (!Number.isInteger(count) || count < 0) {
      throw dataError(
        { ...place, index: i, got: count },
        `RLE count ${i} is ${shown(count)}.`,
        'Counts must be whole numbers that are not negative.',
      );
    }
    if (count === 0 && i > 0) canonical = false;
    total += count;
  }
  const pixels = size[0] * size[1];
  if (total !== pixels) {
    throw dataError(
      { ...place, expected: pixels, got: total },
      `RLE counts add up to ${total}, but a mask of ${size[0]} x ${size[1]} has ${pixels} pixels.`,
      'Check that size is [height, width] and that the counts were not cut off.',
    );
  }
  return { size, counts: canonical && counts.length > 0 ? new Uint32Array(counts) : canonicalRuns(counts) };
}

/** Both masks have the same size, or `GLID_DATA`. */
export function checkSameSize(a: RleRuns, b: RleRuns, place: DataPlace = {}): void {
  if (a.size[0] === b.size[0] && a.size[1] === b.size[1]) return;
  throw dataError(
    { ...place, expected: a.size, got: b.size },
    `Masks of ${a.size[0]} x ${a.size[1]} and ${b.size[0]} x ${b.size[1]} pixels do not fit on each other.`,
    'Bring masks to the size of their picture first (resizeMask).',
  );
}
