import type { RleRuns } from '@glid/head-kit';
import { maskWordBits, maskWords } from '@glid/ops';

/** Run-length encodes `count` masks of `maskReadout`, `[H, W, G]`: one look at each word, and more only where a mask begins or ends. */
export function encodePacked(
  packed: ArrayLike<number>,
  count: number,
  size: readonly [height: number, width: number],
): RleRuns[] {
  const [height, width] = size;
  const words = maskWords(count);
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
          const s = g * maskWordBits + 31 - Math.clz32(changed & -changed);
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
