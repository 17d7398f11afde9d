import type { Random } from '@glid/base';
import { anyColor, mix, type Rgb, scale } from './color.ts';
import { sinCos, smoothStep } from './exact-math.ts';
import { fractalNoise, latticeValue, valueNoise } from './noise.ts';

export const texturePatterns = ['plain', 'mottled', 'stripes', 'checks', 'dots', 'bricks'] as const;
export type TexturePattern = (typeof texturePatterns)[number];

/** A two-colour pattern over a plane; coordinates in metres. */
export interface Texture {
  readonly pattern: TexturePattern;
  readonly first: Rgb;
  readonly second: Rgb;
  /** Repeats a metre. */
  readonly frequency: number;
  readonly seed: number;
  readonly cos: number;
  readonly sin: number;
}

export function randomTexture(random: Random, patterns: readonly TexturePattern[], frequency: number): Texture {
  const first = anyColor(random);
  const other = anyColor(random);
  const second = random.boolean(0.5)
    ? mix(first, other, random.uniform(0.3, 0.9))
    : scale(first, random.uniform(0.5, 0.8));
  return textureOf(random, patterns, frequency, first, second);
}

export function textureOf(
  random: Random,
  patterns: readonly TexturePattern[],
  frequency: number,
  first: Rgb,
  second: Rgb,
): Texture {
  const pattern = patterns[random.integer(patterns.length)]!;
  const turn = pattern === 'bricks' ? { sin: 0, cos: 1 } : sinCos(random.uniform());
  return { pattern, first, second, frequency: frequency * random.uniform(0.7, 1.4), seed: random.uint32(), ...turn };
}

/** Share of the second colour at (u, v) metres, in 0..1. `blur` is the width of a pixel in metres: it softens edges. */
export function textureShare(texture: Texture, u: number, v: number, blur: number): number {
  const x = (u * texture.cos - v * texture.sin) * texture.frequency;
  const y = (u * texture.sin + v * texture.cos) * texture.frequency;
  const soft = Math.min(0.5, blur * texture.frequency);
  const fade = 1 - smoothStep(0.25, 0.5, soft);
  const grain = 0.35 * (fractalNoise(texture.seed, x * 2, y * 2) - 0.5);
  switch (texture.pattern) {
    case 'plain':
      return 0.3 + grain;
    case 'mottled':
      return 0.5 + (fractalNoise(texture.seed, x, y) - 0.5) * 2 * fade;
    case 'stripes':
      return 0.5 + (edge(x, soft) - 0.5) * fade + grain * 0.5;
    case 'checks': {
      const a = edge(x, soft);
      const b = edge(y, soft);
      return 0.5 + (a + b - 2 * a * b - 0.5) * fade + grain * 0.5;
    }
    case 'dots': {
      const dx = x - Math.floor(x) - 0.5;
      const dy = y - Math.floor(y) - 0.5;
      const r = Math.sqrt(dx * dx + dy * dy);
      return 0.15 + 0.85 * (1 - smoothStep(0.28 - soft, 0.28 + soft + 1e-6, r)) * fade + grain * 0.5;
    }
    case 'bricks': {
      const row = Math.floor(y * 2);
      const bx = x + (row & 1) * 0.5;
      const fx = Math.min(bx - Math.floor(bx), Math.ceil(bx) - bx);
      const fy = Math.min(y * 2 - row, row + 1 - y * 2) * 0.5;
      const joint = 1 - smoothStep(0.02, 0.05 + soft, Math.min(fx, fy));
      const tone = latticeValue(texture.seed, Math.floor(bx), row) * 0.35;
      return tone + (1 - tone) * joint * fade + (valueNoise(texture.seed, x * 9, y * 9) - 0.5) * 0.15;
    }
  }
}

/** A square wave of period 1 with softened edges. */
function edge(x: number, soft: number): number {
  const f = x - Math.floor(x);
  const d = f < 0.5 ? Math.min(f, 0.5 - f) : -Math.min(f - 0.5, 1 - f);
  return smoothStep(-soft - 1e-6, soft + 1e-6, d);
}
