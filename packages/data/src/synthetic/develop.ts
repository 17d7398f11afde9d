import type { Random, RgbImage } from '@glid/base';
import type { Frame } from './frame.ts';
import { latticeValue } from './noise.ts';

/** From light to a picture: softness of the lens, exposure, contrast, darker corners and sensor noise. */
export function develop(frame: Frame, random: Random): RgbImage {
  const { width, height } = frame;
  const color = soften(frame.color, width, height, random.uniform(0, 0.16));
  const exposure = random.uniform(0.85, 1.3);
  const contrast = random.uniform(0.8, 1.2);
  const tint = [random.uniform(0.93, 1.07), 1, random.uniform(0.93, 1.07)] as const;
  const vignette = random.uniform(0, 0.3);
  const noise = random.uniform(0.005, 0.05);
  const seed = random.uint32();
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, o = 0; y < height; y++) {
    const dy = (y + 0.5) / height - 0.5;
    for (let x = 0; x < width; x++) {
      const dx = (x + 0.5) / width - 0.5;
      const light = exposure * (1 - vignette * 2 * (dx * dx + dy * dy));
      for (let c = 0; c < 3; c++, o++) {
        // A sum of two lattice numbers: triangular noise in (-1, 1).
        const grain = latticeValue(seed, o, 1) + latticeValue(seed, o, 2) - 1;
        const value = (color[o]! * light * tint[c]! - 0.5) * contrast + 0.5 + grain * noise;
        data[o] = value <= 0 ? 0 : value >= 1 ? 255 : Math.floor(value * 255 + 0.5);
      }
    }
  }
  return { width, height, data };
}

/** A 3x3 binomial-like blur; `share` is the weight of each neighbour along an axis. */
function soften(color: Float32Array, width: number, height: number, share: number): Float32Array {
  const across = new Float32Array(color.length);
  const result = new Float32Array(color.length);
  const row = width * 3;
  const keep = 1 - 2 * share;
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < row; i++) {
      const o = y * row + i;
      const left = i >= 3 ? o - 3 : o;
      const right = i < row - 3 ? o + 3 : o;
      across[o] = color[o]! * keep + (color[left]! + color[right]!) * share;
    }
  }
  for (let y = 0; y < height; y++) {
    const up = y > 0 ? row : 0;
    const down = y < height - 1 ? row : 0;
    for (let i = 0; i < row; i++) {
      const o = y * row + i;
      result[o] = across[o]! * keep + (across[o - up]! + across[o + down]!) * share;
    }
  }
  return result;
}
