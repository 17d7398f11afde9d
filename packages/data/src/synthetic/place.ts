import type { Random } from '@glid/base';
import type { Camera } from './camera.ts';
import { fromHsv, mix, type Rgb, scale } from './color.ts';
import { type Texture, textureOf } from './texture.ts';

/** Stuff classes, in the order of the first semantic labels. */
export const stuffLabels = ['sky', 'wall', 'grass', 'pavement'] as const;
export const stuffIndex = { sky: 0, wall: 1, grass: 2, pavement: 3 } as const;

/** A flat upright surface. Its inverse depth is linear in the picture column: `inverse + slope * (x - centerX)`. */
export interface Wall {
  readonly inverse: number;
  readonly slope: number;
  /** Metres; Infinity indoors. */
  readonly top: number;
  readonly left: number;
  readonly right: number;
  readonly texture: Texture;
  /** Pictures and windows on it: `[along0, up0, along1, up1]` metres. They belong to the wall. */
  readonly decor: readonly { readonly box: readonly [number, number, number, number]; readonly texture: Texture }[];
}

/** Everything behind the things. */
export interface Place {
  readonly walls: readonly Wall[];
  readonly skyLow: Rgb;
  readonly skyHigh: Rgb;
  readonly cloudSeed: number;
  readonly cloudiness: number;
  readonly haze: number;
  readonly grass: Texture;
  readonly pavement: Texture;
  /** Border between grass and pavement at depth z: pavement where `|x - offset - slant * z| < half`. */
  readonly path: { readonly offset: number; readonly slant: number; readonly half: number; readonly ragged: number };
  readonly seed: number;
}

export function randomPlace(random: Random, camera: Camera): Place {
  const indoor = random.boolean(0.45);
  const hue = random.boolean(0.6) ? random.uniform(0.52, 0.64) : random.uniform();
  const skyHigh = fromHsv(hue, random.uniform(0.05, 0.75), random.uniform(0.3, 0.95));
  const skyLow = mix(
    skyHigh,
    fromHsv(random.boolean() ? 0.08 : hue, random.uniform(0.02, 0.5), random.uniform(0.6, 1)),
    random.uniform(0.4, 1),
  );
  const grassHue = random.boolean(0.65) ? random.uniform(0.17, 0.36) : random.uniform(0.02, 0.17);
  const grassColor = fromHsv(grassHue, random.uniform(0.15, 0.75), random.uniform(0.25, 0.75));
  const pavementColor = fromHsv(random.uniform(), random.uniform(0.02, 0.55), random.uniform(0.2, 0.85));
  return {
    walls: indoor ? roomWalls(random, camera) : random.boolean(0.55) ? [houseWall(random, camera)] : [],
    skyLow,
    skyHigh,
    cloudSeed: random.uint32(),
    cloudiness: random.boolean(0.6) ? random.uniform(0.3, 0.9) : 0,
    haze: random.uniform(0, 0.5),
    grass: textureOf(
      random,
      ['mottled'],
      random.uniform(1.5, 4),
      grassColor,
      mix(scale(grassColor, 0.6), fromHsv(grassHue + 0.04, 0.6, 0.4), 0.5),
    ),
    pavement: textureOf(
      random,
      ['plain', 'mottled', 'checks', 'stripes', 'bricks'],
      random.uniform(0.8, 2),
      pavementColor,
      scale(pavementColor, random.uniform(0.6, 0.9)),
    ),
    path: indoor
      ? { offset: 0, slant: 0, half: random.boolean(0.8) ? 1e9 : random.uniform(0.8, 2), ragged: 0 }
      : {
          offset: random.uniform(-2, 2),
          slant: random.uniform(-0.5, 0.5),
          half: random.boolean(0.75) ? random.uniform(0.4, 1.6) : 0,
          ragged: random.uniform(0, 0.25),
        },
    seed: random.uint32(),
  };
}

/** One wall across the picture, or two that meet in a corner. */
function roomWalls(random: Random, camera: Camera): Wall[] {
  const inverse = 1 / random.uniform(4.5, 9);
  const texture = wallTexture(random);
  const slope = (random.uniform(0.2, 0.9) * inverse) / camera.width;
  const full = {
    top: Number.POSITIVE_INFINITY,
    left: Number.NEGATIVE_INFINITY,
    right: Number.POSITIVE_INFINITY,
    texture,
  };
  const first = { ...full, inverse, slope: random.boolean() ? slope : -slope, decor: wallDecor(random) };
  if (random.boolean(0.5)) return [first];
  return [first, { ...full, inverse, slope: -first.slope * random.uniform(0.6, 1.8), decor: wallDecor(random) }];
}

function houseWall(random: Random, camera: Camera): Wall {
  const left = random.uniform(-0.3, 0.6) * camera.width;
  return {
    inverse: 1 / random.uniform(6, 9.5),
    slope: (random.uniform(-0.15, 0.15) / 8 / camera.width) * 2,
    top: random.uniform(1.2, 5),
    left,
    right: left + random.uniform(0.35, 1.1) * camera.width,
    texture: wallTexture(random),
    decor: wallDecor(random),
  };
}

function wallTexture(random: Random): Texture {
  const color = fromHsv(random.uniform(), random.uniform(0.02, 0.6), random.uniform(0.35, 0.95));
  const other = scale(color, random.uniform(0.6, 0.92));
  return textureOf(random, ['plain', 'mottled', 'bricks', 'bricks', 'stripes'], random.uniform(0.7, 1.8), color, other);
}

function wallDecor(random: Random): Wall['decor'] {
  return Array.from({ length: random.integer(5) }, () => {
    const x = random.uniform(-5, 5);
    const y = random.uniform(0.6, 2.4);
    const w = random.uniform(0.4, 1.3);
    const h = random.uniform(0.4, 1.3);
    const first = fromHsv(random.uniform(), random.uniform(0, 0.8), random.uniform(0.2, 0.95));
    const second = fromHsv(random.uniform(), random.uniform(0, 0.8), random.uniform(0.2, 0.95));
    return {
      box: [x, y, x + w, y + h] as const,
      texture: textureOf(random, ['plain', 'dots', 'mottled', 'stripes'], 2.5, first, second),
    };
  });
}
