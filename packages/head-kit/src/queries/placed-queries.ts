import type { Initializer } from '../spec/index.ts';

/**
 * `count` points spread evenly over the unit square, row by row: `[count * 2]` as x, y. The rows are as many as make the spacing
 * nearly square; a count that is no square number gives rows of different length.
 */
export function referencePoints(count: number): Float32Array {
  const rows = Math.max(1, Math.round(Math.sqrt(count)));
  const points = new Float32Array(count * 2);
  for (let row = 0, i = 0; row < rows; row++) {
    const columns = Math.floor(((row + 1) * count) / rows) - Math.floor((row * count) / rows);
    for (let column = 0; column < columns; column++, i++) {
      points[2 * i] = (column + 0.5) / columns;
      points[2 * i + 1] = (row + 0.5) / rows;
    }
  }
  return points;
}

/**
 * e_i as the sine code of its point, `[count, channels]`: the code that the decoder's keys carry at that place (DETR, appendix A.4: first half
 * of the channels y, second half x; sine and cosine alternate).
 */
export function sineEmbedding(points: Float32Array, channels: number): Initializer {
  const half = channels / 2;
  const values: number[] = [];
  for (let i = 0; i < points.length; i += 2) {
    for (const coordinate of [points[i + 1]!, points[i]!]) {
      for (let k = 0; k < half; k++) {
        const angle = (coordinate * 2 * Math.PI) / 10000 ** ((2 * Math.floor(k / 2)) / half);
        values.push(k % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
      }
    }
  }
  return { kind: 'values', values };
}
