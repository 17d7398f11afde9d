import type { RleRuns } from '@glid/head-kit';
import { matMul, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';

/** Masks a word: float32 counts exactly up to 2^24. */
const bits = 24;

/** Words a pixel that `count` masks take. */
export function wordCount(count: number): number {
  return Math.ceil(count / bits);
}

/**
 * Binary masks as bits, for a read-back of a 24th of their size: `[P, S]` of 0 and 1 -> `[P, G]` whole numbers below 2^24; mask s is bit
 * s mod 24 of word floor(s / 24). Sums of different powers of two are exact in any order.
 */
export function packMasks(masks: Tensor2D): Tensor2D {
  const count = masks.shape[1];
  const words = wordCount(count);
  const weights = new Float32Array(count * words);
  for (let s = 0; s < count; s++) weights[s * words + Math.floor(s / bits)] = 2 ** (s % bits);
  return matMul(masks, tensor2d(weights, [count, words]));
}

/** Run-length encodes `count` masks packed as `[H, W, G]`: one look at each word, and more only where a mask begins or ends. */
export function encodePacked(
  packed: ArrayLike<number>,
  count: number,
  size: readonly [height: number, width: number],
): RleRuns[] {
  const [height, width] = size;
  const words = wordCount(count);
  const counts = Array.from({ length: count }, (): number[] => []);
  const starts = new Int32Array(count);
  const last = new Int32Array(words);
  for (let x = 0, position = 0; x < width; x++) {
    for (let y = 0; y < height; y++, position++) {
      const at = (y * width + x) * words;
      for (let g = 0; g < words; g++) {
        let changed = packed[at + g]! ^ last[g]!;
        last[g]! ^= changed;
        for (; changed !== 0; changed &= changed - 1) {
          const s = g * bits + 31 - Math.clz32(changed & -changed);
          counts[s]!.push(position - starts[s]!);
          starts[s] = position;
        }
      }
    }
  }
  return counts.map((runs, s) => {
    runs.push(height * width - starts[s]!);
    return { size: [height, width], counts: new Uint32Array(runs) };
  });
}
