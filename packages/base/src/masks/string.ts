import type { DataPlace } from '../data-error.ts';
import { dataError } from '../data-error.ts';
import type { Rle } from '../record.ts';
import type { MaskLike } from './runs.ts';
import { parseRle } from './runs.ts';

/*
 * COCO's compressed counts: each count (from the fourth on its difference to the count two before) is a two's complement number
 * in groups of five bits, lowest first; bit 5 of a character says that another group follows; 48 is added to make it printable.
 */
const offset = 48;

/** The string that pycocotools writes for these counts. */
export function rleCountsToString(counts: ArrayLike<number>): string {
  const bytes: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    let rest = i > 2 ? counts[i]! - counts[i - 2]! : counts[i]!;
    let more = true;
    while (more) {
      const group = rest & 31;
      rest >>= 5;
      more = (group & 16) !== 0 ? rest !== -1 : rest !== 0;
      bytes.push((more ? group | 32 : group) + offset);
    }
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** The counts in such a string. Throws `GLID_DATA` when it holds other characters or ends inside a number. */
export function rleCountsFromString(text: string, place: DataPlace = {}): number[] {
  const counts: number[] = [];
  let value = 0;
  let scale = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) - offset;
    if (code < 0 || code > 63 || scale > 2 ** 35) {
      const what = `The RLE string is broken at character ${i}.`;
      throw dataError({ ...place, index: i }, what, 'Give the counts as pycocotools writes them, as plain text.');
    }
    value += (code & 31) * scale;
    scale *= 32;
    if (code & 32) continue;
    if (code & 16) value -= scale;
    if (counts.length > 2) value += counts[counts.length - 2]!;
    counts.push(value);
    value = 0;
    scale = 1;
  }
  if (scale !== 1) {
    throw dataError({ ...place }, 'The RLE string ends inside a number.', 'Check whether the file was cut off.');
  }
  return counts;
}

/** A mask in the form that files hold: the compressed string, equal to pycocotools'. */
export function compressRle(mask: MaskLike): Rle {
  const { size, counts } = parseRle(mask);
  return { size, counts: rleCountsToString(counts) };
}
