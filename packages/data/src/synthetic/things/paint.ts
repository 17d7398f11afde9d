import type { Random } from '@glid/base';
import { fromHsv, mix, type Rgb, scale } from '../color.ts';
import { randomTexture, type Texture, type TexturePattern, textureShare } from '../texture.ts';
import type { Surface } from '../thing.ts';

const patterns: readonly TexturePattern[] = ['plain', 'plain', 'mottled', 'stripes', 'checks', 'dots'];

/** A thing's coat: a texture and, for some things, a dark outline. */
export interface Paint {
  readonly texture: Texture;
  /** Metres; 0 = none. */
  readonly outline: number;
  readonly outlineColor: Rgb;
}

/** @param hue 0..1 of a coat in shades of one colour; any two colours when absent */
export function randomPaint(random: Random, size: number, hue?: number): Paint {
  const any = randomTexture(random, patterns, random.uniform(2, 4.5) / size);
  const texture = hue === undefined ? any : { ...any, ...shades(random, hue) };
  const outline = random.boolean(0.35) ? size * random.uniform(0.02, 0.05) : 0;
  return {
    texture,
    outline,
    outlineColor: mix(scale(texture.second, 0.3), fromHsv(random.uniform(), 0.4, 0.2), 0.5),
  };
}

function shades(random: Random, hue: number): { readonly first: Rgb; readonly second: Rgb } {
  const first = fromHsv(hue + random.uniform(-0.03, 0.03), random.uniform(0.7, 0.95), random.uniform(0.7, 1));
  return { first, second: scale(first, random.uniform(0.6, 0.8)) };
}

/** Colours the surface; (u, v) are texture coordinates in metres. Call it after `distance` is set. */
export function applyPaint(paint: Paint, u: number, v: number, pixel: number, out: Surface): void {
  if (paint.outline > 0 && out.distance > -paint.outline) {
    out.red = paint.outlineColor[0];
    out.green = paint.outlineColor[1];
    out.blue = paint.outlineColor[2];
    return;
  }
  const { first, second } = paint.texture;
  const t = textureShare(paint.texture, u, v, pixel);
  out.red = first[0] + (second[0] - first[0]) * t;
  out.green = first[1] + (second[1] - first[1]) * t;
  out.blue = first[2] + (second[2] - first[2]) * t;
}
