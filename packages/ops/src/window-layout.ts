import type { Tensor, Tensor1D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { gather, reshape, tensor, tensor1d } from '@tensorflow/tfjs-core';
import { constantTensor } from './constants.ts';

/** How a map is cut into windows after a cyclic shift. */
export interface WindowLayout {
  /** H, W of the map, multiples of the window. */
  readonly size: readonly [number, number];
  readonly window: readonly [number, number];
  /** Up and left, i.e. the rolled map starts at this position of the input. */
  readonly shift: readonly [number, number];
}

/** `[B, H, W, D]` -> `[B * windows, N, D]`, rolled by `-shift`: one gather, since roll and partition are one permutation of positions. */
export function toWindows(x: Tensor4D, layout: WindowLayout): Tensor3D {
  const [batch, height, width, depth] = x.shape;
  const positions = layout.window[0] * layout.window[1];
  const flat = reshape(x, [batch, height * width, depth]);
  const ordered = isIdentity(layout) ? flat : gather(flat, permutation(layout, 'forth'), 1);
  return reshape(ordered, [(batch * height * width) / positions, positions, depth]) as Tensor3D;
}

/** The inverse of `toWindows`. */
export function fromWindows(x: Tensor3D, layout: WindowLayout): Tensor4D {
  const [height, width] = layout.size;
  const depth = x.shape[2];
  const batch = (x.shape[0] * x.shape[1]) / (height * width);
  const flat = reshape(x, [batch, height * width, depth]);
  const ordered = isIdentity(layout) ? flat : gather(flat, permutation(layout, 'back'), 1);
  return reshape(ordered, [batch, height, width, depth]) as Tensor4D;
}

/**
 * `[windows, 1, N, N]`: -100 between positions of different shift regions, else 0 (Liu et al. 2021, section 3.2 and released code).
 * Cached.
 */
export function shiftMask(layout: WindowLayout): Tensor {
  return constantTensor(`shift-mask ${keyOf(layout)}`, () => {
    const order = windowOrder(layout);
    const positions = layout.window[0] * layout.window[1];
    const region = order.rolled.map((at) => regionOf(at, layout));
    const windows = region.length / positions;
    const values = new Float32Array(windows * positions * positions);
    for (let w = 0, at = 0; w < windows; w++) {
      for (let i = 0; i < positions; i++) {
        for (let j = 0; j < positions; j++, at++) {
          if (region[w * positions + i] !== region[w * positions + j]) values[at] = -100;
        }
      }
    }
    return tensor(values, [windows, 1, positions, positions]);
  });
}

/** Windows as wide as the map lie in memory one after the other already. */
function isIdentity({ size, window, shift }: WindowLayout): boolean {
  return shift[0] === 0 && shift[1] === 0 && size[1] === window[1];
}

function permutation(layout: WindowLayout, direction: 'forth' | 'back'): Tensor1D {
  return constantTensor(`window-order ${direction} ${keyOf(layout)}`, () => {
    const { source } = windowOrder(layout);
    if (direction === 'forth') return tensor1d(source, 'int32');
    const inverse = new Int32Array(source.length);
    source.forEach((from, to) => {
      inverse[from] = to;
    });
    return tensor1d(inverse, 'int32');
  });
}

/** For each position in window order: its index in the rolled map and in the input. */
function windowOrder({ size, window, shift }: WindowLayout): { rolled: Int32Array; source: Int32Array } {
  const [height, width] = size;
  const rolled = new Int32Array(height * width);
  const source = new Int32Array(height * width);
  let at = 0;
  for (let top = 0; top < height; top += window[0]) {
    for (let left = 0; left < width; left += window[1]) {
      for (let y = top; y < top + window[0]; y++) {
        for (let x = left; x < left + window[1]; x++, at++) {
          rolled[at] = y * width + x;
          source[at] = ((y + shift[0]) % height) * width + ((x + shift[1]) % width);
        }
      }
    }
  }
  return { rolled, source };
}

function regionOf(index: number, { size, window, shift }: WindowLayout): number {
  const along = (position: number, axis: 0 | 1): number => {
    if (shift[axis] === 0 || position < size[axis] - window[axis]) return 0;
    return position < size[axis] - shift[axis] ? 1 : 2;
  };
  return along(Math.floor(index / size[1]), 0) * 3 + along(index % size[1], 1);
}

function keyOf({ size, window, shift }: WindowLayout): string {
  return `${size.join('x')} ${window.join('x')} ${shift.join('x')}`;
}
