import { referencePoints } from '@glid/head-kit';
import { constantTensor } from '@glid/ops';
import {
  add,
  div,
  max,
  range,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';

/** Logit of a disc's centre. */
const peak = 2;

/**
 * What placed queries add to the logits of their masks: `peak` at the query's point, 0 at a distance of one step of the grid, less farther
 * away. `[B or 1, M, h, w]`
 *
 * @param shown `[B, h, w]`, 0 on padding: points are relative to the picture without it
 */
export function discLogits(
  count: number,
  [height, width]: readonly [height: number, width: number],
  shown: Tensor3D | null,
): Tensor4D {
  if (!shown) {
    return constantTensor(`segmentation discs ${count} ${height} ${width}`, () =>
      discs(count, [height, width], null),
    ) as Tensor4D;
  }
  return discs(count, [height, width], shown);
}

function discs(count: number, [height, width]: readonly [number, number], shown: Tensor3D | null): Tensor4D {
  const points = referencePoints(count);
  const axis = (offset: 0 | 1, cells: number, extent: Tensor | null): Tensor => {
    const own = tensor(
      Float32Array.from({ length: count }, (_, i) => points[2 * i + offset]!),
      [1, count, 1],
    );
    const at = reshape(add(range(0, cells, 1, 'float32'), 0.5), [1, 1, cells]);
    const relative = div(at, extent ? reshape(extent, [-1, 1, 1]) : cells);
    return square(sub(relative, own));
  };
  const across = axis(0, width, shown && max(sum(shown, 2), 1));
  const down = axis(1, height, shown && max(sum(shown, 1), 1));
  // Spacing of the grid: 1 / sqrt(count).
  const distance = add(reshape(across, [-1, count, 1, width]), reshape(down, [-1, count, height, 1]));
  return sub(peak, div(distance, 1 / (peak * count))) as Tensor4D;
}
