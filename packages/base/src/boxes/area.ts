import type { Box, BoxFormat } from './convert.ts';
import { boxCount } from './count.ts';

/** Width times height in square pixels; 0 for a box that is turned inside out. */
export function boxArea(box: Box, format: BoxFormat = 'xyxy'): number {
  const width = format === 'xyxy' ? box[2] - box[0] : box[2];
  const height = format === 'xyxy' ? box[3] - box[1] : box[3];
  return Math.max(0, width) * Math.max(0, height);
}

/** Areas `[N]` of boxes `[N, 4]`, in square units of the boxes; 0 for those that are turned inside out. */
export function boxAreas(boxes: ArrayLike<number>, format: BoxFormat = 'xyxy'): Float64Array {
  const areas = new Float64Array(boxCount(boxes));
  for (let n = 0; n < areas.length; n++) {
    areas[n] = boxArea([boxes[n * 4]!, boxes[n * 4 + 1]!, boxes[n * 4 + 2]!, boxes[n * 4 + 3]!], format);
  }
  return areas;
}

/** True for a box that encloses nothing: a number is not finite, or a side is not longer than `minSize` pixels. */
export function isDegenerateBox(box: Box, format: BoxFormat = 'xyxy', minSize = 0): boolean {
  if (!box.every(Number.isFinite)) return true;
  const width = format === 'xyxy' ? box[2] - box[0] : box[2];
  const height = format === 'xyxy' ? box[3] - box[1] : box[3];
  return !(width > minSize && height > minSize);
}
