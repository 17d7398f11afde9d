import { GlidError } from '../errors.ts';
import { boxAreas } from './area.ts';
import type { BoxFormat } from './convert.ts';
import { boxCount } from './count.ts';

export interface BoxIouOptions {
  /** Format of both arguments; `xyxy` by default. Edges of `xywh` boxes are computed as pycocotools does. */
  readonly format?: Exclude<BoxFormat, 'cxcywh'>;
  /** `[M]`: where it is truthy, the second box is a COCO crowd and the divisor is the first box's area alone. */
  readonly crowd?: ArrayLike<number | boolean>;
}

/**
 * Intersection over union of every first box `[N, 4]` with every second box `[M, 4]`: float64 `[N, M]`, in [0, 1].
 * Boxes that do not overlap, empty ones included, give 0. With `crowd`: intersection over area of the first (pycocotools `bbIou`).
 */
export function boxIou(first: ArrayLike<number>, second: ArrayLike<number>, options: BoxIouOptions = {}): Float64Array {
  const { format = 'xyxy', crowd } = options;
  const n = boxCount(first);
  const m = boxCount(second);
  if (crowd && crowd.length !== m) {
    throw new GlidError('GLID_SHAPE', `There are ${m} boxes but ${crowd.length} crowd flags.`, {
      fix: 'Pass one crowd flag for each of the second boxes.',
    });
  }
  const sized = format === 'xywh';
  const firstAreas = boxAreas(first, format);
  const secondAreas = boxAreas(second, format);
  const out = new Float64Array(n * m);
  for (let j = 0; j < m; j++) {
    const x0 = second[j * 4]!;
    const y0 = second[j * 4 + 1]!;
    const x1 = sized ? second[j * 4 + 2]! + x0 : second[j * 4 + 2]!;
    const y1 = sized ? second[j * 4 + 3]! + y0 : second[j * 4 + 3]!;
    const area = secondAreas[j]!;
    const isCrowd = crowd ? Boolean(crowd[j]) : false;
    for (let i = 0; i < n; i++) {
      const u0 = first[i * 4]!;
      const v0 = first[i * 4 + 1]!;
      const u1 = sized ? first[i * 4 + 2]! + u0 : first[i * 4 + 2]!;
      const width = Math.min(u1, x1) - Math.max(u0, x0);
      if (!(width > 0)) continue;
      const v1 = sized ? first[i * 4 + 3]! + v0 : first[i * 4 + 3]!;
      const height = Math.min(v1, y1) - Math.max(v0, y0);
      if (!(height > 0)) continue;
      const intersection = width * height;
      out[i * m + j] = intersection / (isCrowd ? firstAreas[i]! : firstAreas[i]! + area - intersection);
    }
  }
  return out;
}
