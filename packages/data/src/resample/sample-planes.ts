import type { HostArray } from '@glid/base';
import type { Size } from '../sample/sample.ts';
import type { SourcePositions } from './source-positions.ts';

/** Planes `[.., H, W]` by nearest neighbour: every output value is one of the input's, or `fill`. */
export function sampleNearest(
  value: HostArray,
  input: Size,
  indices: Int32Array,
  output: Size,
  fill: number,
): HostArray {
  const plane = input[0] * input[1];
  const planes = plane === 0 ? 0 : value.data.length / plane;
  const size = indices.length;
  const data = sameType(value.data, planes * size);
  for (let p = 0; p < planes; p++) {
    const from = p * plane;
    const to = p * size;
    for (let i = 0; i < size; i++) {
      const at = indices[i]!;
      data[to + i] = at < 0 ? fill : value.data[from + at]!;
    }
  }
  return { data, shape: [...value.shape.slice(0, -2), ...output] };
}

/**
 * Planes `[.., H, W]`, bilinear. Where one of the four neighbours is `ignore` the nearest one is taken as it is: holes
 * neither grow nor leak into their surroundings. Beyond the border lies `ignore`.
 */
export function sampleBilinear(
  value: HostArray,
  [height, width]: Size,
  positions: SourcePositions,
  ignore: number,
): HostArray {
  const [rows, columns] = positions.output;
  const plane = height * width;
  const planes = plane === 0 ? 0 : value.data.length / plane;
  const data = sameType(value.data, planes * rows * columns);
  for (let p = 0; p < planes; p++) {
    const input = value.data.subarray(p * plane, (p + 1) * plane);
    const output = data.subarray(p * rows * columns, (p + 1) * rows * columns);
    samplePlane(input, [height, width], positions, ignore, output);
  }
  return { data, shape: [...value.shape.slice(0, -2), rows, columns] };
}

function samplePlane(
  input: HostArray['data'],
  [height, width]: Size,
  positions: SourcePositions,
  ignore: number,
  data: HostArray['data'],
): void {
  const [rows, columns] = positions.output;
  const left = positions.source?.x ?? 0;
  const top = positions.source?.y ?? 0;
  const right = left + (positions.source?.width ?? width) - 1;
  const bottom = top + (positions.source?.height ?? height) - 1;
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const px = positions.x[positions.separable ? column : i]!;
      const py = positions.y[positions.separable ? row : i]!;
      if (!(px >= 0 && py >= 0 && px < width && py < height)) {
        data[i] = ignore;
        continue;
      }
      const sx = Math.max(left, Math.min(right, px - 0.5));
      const sy = Math.max(top, Math.min(bottom, py - 0.5));
      const x0 = Math.floor(sx);
      const y0 = Math.floor(sy);
      const x1 = Math.min(right, x0 + 1);
      const y1 = Math.min(bottom, y0 + 1);
      const v00 = input[y0 * width + x0]!;
      const v01 = input[y0 * width + x1]!;
      const v10 = input[y1 * width + x0]!;
      const v11 = input[y1 * width + x1]!;
      if (v00 === ignore || v01 === ignore || v10 === ignore || v11 === ignore) {
        data[i] = input[Math.floor(py) * width + Math.floor(px)]!;
        continue;
      }
      const u = sx - x0;
      const v = sy - y0;
      data[i] = (v00 * (1 - u) + v01 * u) * (1 - v) + (v10 * (1 - u) + v11 * u) * v;
    }
  }
}

function sameType(data: HostArray['data'], length: number): HostArray['data'] {
  if (data instanceof Float32Array) return new Float32Array(length);
  return data instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}
