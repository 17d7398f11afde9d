import type { MaskLike } from './runs.ts';
import { parseRle } from './runs.ts';

/** Number of set pixels, counted on the runs. */
export function maskArea(mask: MaskLike): number {
  const { counts } = parseRle(mask);
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i]!;
  return area;
}

/** The smallest box around the set pixels, `[x, y, width, height]` as COCO has it; four zeros when there are none. */
export function maskBox(mask: MaskLike): [x: number, y: number, width: number, height: number] {
  const { size, counts } = parseRle(mask);
  if (counts.length < 2) return [0, 0, 0, 0];
  const height = size[0];
  let left = size[1];
  let top = height;
  let right = -1;
  let bottom = -1;
  let position = 0;
  for (let i = 0; i + 1 < counts.length; i += 2) {
    const start = position + counts[i]!;
    const last = start + counts[i + 1]! - 1;
    position = last + 1;
    const startX = Math.floor(start / height);
    const lastX = Math.floor(last / height);
    if (startX < left) left = startX;
    if (lastX > right) right = lastX;
    if (startX < lastX) {
      top = 0;
      bottom = height - 1;
    } else {
      top = Math.min(top, start - startX * height);
      bottom = Math.max(bottom, last - lastX * height);
    }
  }
  return [left, top, right - left + 1, bottom - top + 1];
}
