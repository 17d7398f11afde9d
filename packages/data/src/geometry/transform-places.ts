import type { HostArray } from '@glid/base';
import type { AffineMatrix } from './affine-matrix.ts';

/** Boxes `[N, 4]`: the extent of the four moved corners, cut at the border `[0, width] x [0, height]`. */
export function transformBoxes(
  value: HostArray,
  [a, b, c, d, e, f]: AffineMatrix,
  [height, width]: readonly [number, number],
): HostArray {
  const input = value.data;
  const data = new Float32Array(input.length);
  for (let i = 0; i < input.length; i += 4) {
    const [x0, y0, x1, y1] = [input[i]!, input[i + 1]!, input[i + 2]!, input[i + 3]!];
    const left = Math.min(a * x0, a * x1) + Math.min(b * y0, b * y1) + c;
    const right = Math.max(a * x0, a * x1) + Math.max(b * y0, b * y1) + c;
    const top = Math.min(d * x0, d * x1) + Math.min(e * y0, e * y1) + f;
    const bottom = Math.max(d * x0, d * x1) + Math.max(e * y0, e * y1) + f;
    data[i] = Math.max(0, Math.min(width, left));
    data[i + 1] = Math.max(0, Math.min(height, top));
    data[i + 2] = Math.max(0, Math.min(width, right));
    data[i + 3] = Math.max(0, Math.min(height, bottom));
  }
  return { data, shape: value.shape };
}

/**
 * Points `[N, K, 3]`. A mirroring map swaps the flip pairs. Points that leave `[0, width] x [0, height]` become
 * unlabelled (0, 0, 0), except where `keepOutside`. Unlabelled points stay as they are.
 */
export function transformPoints(
  value: HostArray,
  matrix: AffineMatrix,
  [height, width]: readonly [number, number],
  flipPairs: readonly (readonly [left: number, right: number])[],
  keepOutside: boolean,
): HostArray {
  const [a, b, c, d, e, f] = matrix;
  const data = new Float32Array(value.data);
  const joints = value.shape[1]!;
  for (let i = 0; i < data.length; i += 3) {
    if (data[i + 2] === 0) continue;
    const x = data[i]!;
    const y = data[i + 1]!;
    const nx = a * x + b * y + c;
    const ny = d * x + e * y + f;
    const inside = keepOutside || (nx >= 0 && ny >= 0 && nx <= width && ny <= height);
    data[i] = inside ? nx : 0;
    data[i + 1] = inside ? ny : 0;
    if (!inside) data[i + 2] = 0;
  }
  if (a * e - b * d < 0) {
    for (let n = 0; n < value.shape[0]!; n++) {
      for (const [left, right] of flipPairs) swapTriples(data, (n * joints + left) * 3, (n * joints + right) * 3);
    }
  }
  return { data, shape: value.shape };
}

function swapTriples(data: Float32Array, i: number, j: number): void {
  for (let k = 0; k < 3; k++) {
    const t = data[i + k]!;
    data[i + k] = data[j + k]!;
    data[j + k] = t;
  }
}
