import type { BoxXyxy } from '../record.ts';
import { boxCount } from './count.ts';

const clamp = (value: number, high: number): number => Math.min(Math.max(value, 0), high);

/** The part of a box inside a picture of `width` x `height` pixels; it may be empty (see `isDegenerateBox`). */
export function clipBox(box: BoxXyxy, width: number, height: number): [number, number, number, number] {
  return [clamp(box[0], width), clamp(box[1], height), clamp(box[2], width), clamp(box[3], height)];
}

/** `clipBox` for `[N, 4]` corners, as a new float64 array. */
export function clipBoxes(boxes: ArrayLike<number>, width: number, height: number): Float64Array {
  const out = new Float64Array(boxCount(boxes) * 4);
  for (let i = 0; i < out.length; i++) out[i] = clamp(boxes[i]!, i % 2 === 0 ? width : height);
  return out;
}
