import { boxAreas } from './area.ts';
import { boxCount } from './count.ts';

/**
 * Generalised IoU of every first box `[N, 4]` with every second box `[M, 4]` (corners): float64 `[N, M]`, in [-1, 1].
 * IoU - (hull - union) / hull (Rezatofighi et al., CVPR 2019). Two boxes whose hull is a point or a line give 0.
 */
export function boxGiou(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  const n = boxCount(first);
  const m = boxCount(second);
  const firstAreas = boxAreas(first);
  const secondAreas = boxAreas(second);
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const a = i * 4;
    for (let j = 0; j < m; j++) {
      const b = j * 4;
      const width = Math.min(first[a + 2]!, second[b + 2]!) - Math.max(first[a]!, second[b]!);
      const height = Math.min(first[a + 3]!, second[b + 3]!) - Math.max(first[a + 1]!, second[b + 1]!);
      const intersection = Math.max(0, width) * Math.max(0, height);
      const union = firstAreas[i]! + secondAreas[j]! - intersection;
      const hull =
        (Math.max(first[a + 2]!, second[b + 2]!) - Math.min(first[a]!, second[b]!)) *
        (Math.max(first[a + 3]!, second[b + 3]!) - Math.min(first[a + 1]!, second[b + 1]!));
      const iou = union > 0 ? intersection / union : 0;
      out[i * m + j] = hull > 0 ? iou - (hull - union) / hull : 0;
    }
  }
  return out;
}
