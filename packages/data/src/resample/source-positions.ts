import type { Geometry, Rect } from '../geometry/geometry.ts';
import type { Size } from '../sample/sample.ts';

/** Where the centre of every output pixel lies in the input, continuous; NaN in x where nothing of the input belongs. */
export interface SourcePositions {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Per axis (`x` by column, `y` by row) or one entry a pixel. */
  readonly separable: boolean;
  readonly output: Size;
  /** The part of the input that may be read; null = all of it. */
  readonly source: Rect | null;
}

export function sourcePositions(geometry: Geometry): SourcePositions {
  const [height, width] = geometry.output;
  if (geometry.kind === 'affine') {
    const [a, b, c, d, e, f] = geometry.matrix;
    const x = new Float64Array(height * width);
    const y = new Float64Array(height * width);
    for (let row = 0, i = 0; row < height; row++) {
      for (let column = 0; column < width; column++, i++) {
        x[i] = a * (column + 0.5) + b * (row + 0.5) + c;
        y[i] = d * (column + 0.5) + e * (row + 0.5) + f;
      }
    }
    return { x, y, separable: false, output: geometry.output, source: null };
  }
  const { source, resized, window, flip } = geometry;
  const x = new Float64Array(width).fill(Number.NaN);
  const y = new Float64Array(height).fill(Number.NaN);
  for (let i = 0; i < window.width; i++) {
    const column = flip ? resized[1] - 1 - (window.x + i) : window.x + i;
    x[i] = source.x + ((column + 0.5) * source.width) / resized[1];
  }
  for (let i = 0; i < window.height; i++) y[i] = source.y + ((window.y + i + 0.5) * source.height) / resized[0];
  return { x, y, separable: true, output: geometry.output, source };
}

/** The input pixel (flat index) under every output pixel's centre, or -1. */
export function nearestIndices(positions: SourcePositions, [height, width]: Size): Int32Array {
  const [rows, columns] = positions.output;
  const out = new Int32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const x = Math.floor(positions.x[positions.separable ? column : i]!);
      const y = Math.floor(positions.y[positions.separable ? row : i]!);
      out[i] = x >= 0 && y >= 0 && x < width && y < height ? y * width + x : -1;
    }
  }
  return out;
}
