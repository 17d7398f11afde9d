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

export function randomPaint(random: Random, size: number): Paint {
  const texture = randomTexture(random, patterns, random.uniform(2, 4.5) / size);
  const outline = random.boolean(0.35) ? size * random.uniform(0.02, 0.05) : 0;
  return {
    texture,
    outline,
    outlineColor: mix(scale(texture.second, 0.3), fromHsv(random.uniform(), 0.4, 0.2), 0.5),
  };
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
