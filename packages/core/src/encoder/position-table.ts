import { reshape, slice, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Size } from './window-geometry.ts';

/**
 * The table of relative positions of a `side` x `side` window, cut down to the offsets that occur inside a smaller `window`:
 * `[(2 side - 1)^2, heads]` -> `[(2 h - 1)(2 w - 1), heads]`.
 */
export function tableForWindow(table: Tensor2D, side: number, window: Size): Tensor2D {
  const [height, width] = window;
  if (height === side && width === side) return table;
  const span = 2 * side - 1;
  const heads = table.shape[1];
  const square = reshape(table, [span, span, heads]);
  const [rows, columns] = [2 * height - 1, 2 * width - 1];
  return reshape(slice(square, [side - height, side - width, 0], [rows, columns, heads]), [rows * columns, heads]);
}
