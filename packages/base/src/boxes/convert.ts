import { boxCount } from './count.ts';

/** `xyxy`: two corners. `xywh`: left upper corner and size (COCO). `cxcywh`: centre and size (DETR). */
export type BoxFormat = 'xyxy' | 'xywh' | 'cxcywh';

/** Four numbers whose meaning a `BoxFormat` tells. */
export type Box = readonly [number, number, number, number];

/** One axis of a box as (start, end, centre, extent); what the source holds is passed on untouched, not recomputed. */
function axis(first: number, second: number, from: BoxFormat): [number, number, number, number] {
  if (from === 'xyxy') return [first, second, (first + second) / 2, second - first];
  if (from === 'xywh') return [first, first + second, first + second / 2, second];
  return [first - second / 2, first + second / 2, first, second];
}

/** The same box in another format: `xyxy` corners, `xywh` corner and size, `cxcywh` centre and size. Units stay as they are. */
export function convertBox(box: Box, from: BoxFormat, to: BoxFormat): [number, number, number, number] {
  if (from === to) return [box[0], box[1], box[2], box[3]];
  const x = axis(box[0], box[2], from);
  const y = axis(box[1], box[3], from);
  if (to === 'xyxy') return [x[0], y[0], x[1], y[1]];
  if (to === 'xywh') return [x[0], y[0], x[3], y[3]];
  return [x[2], y[2], x[3], y[3]];
}

/** Boxes `[N, 4]` in another format, as a new float64 array. Throws `GLID_SHAPE` unless the length is a multiple of 4. */
export function convertBoxes(boxes: ArrayLike<number>, from: BoxFormat, to: BoxFormat): Float64Array {
  const n = boxCount(boxes);
  const out = new Float64Array(n * 4);
  for (let i = 0; i < n * 4; i += 4) {
    out.set(convertBox([boxes[i]!, boxes[i + 1]!, boxes[i + 2]!, boxes[i + 3]!], from, to), i);
  }
  return out;
}
