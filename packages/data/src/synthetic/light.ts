import type { Random } from '@glid/base';
import { fromHsv, mix, type Rgb } from './color.ts';
import { sinCos } from './exact-math.ts';

/** One distant lamp and an even sky light. */
export interface Light {
  /** Unit vector to the lamp: right, up, towards the viewer. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly lamp: Rgb;
  readonly ambient: Rgb;
  /** Where shadows fall on the ground, metres a metre of height: right, away. */
  readonly shadowX: number;
  readonly shadowZ: number;
  readonly shadowDepth: number;
  /** Metres over which a shadow fades. */
  readonly shadowBlur: number;
}

export function randomLight(random: Random): Light {
  const around = sinCos(random.uniform());
  const up = random.uniform(0.45, 0.9);
  const flat = Math.sqrt(1 - up * up);
  const x = around.sin * flat;
  const z = around.cos * flat * (around.cos < 0 ? 0.4 : 1);
  const warm = mix(fromHsv(0.09, 0.25, 1), fromHsv(0.58, 0.2, 1), random.uniform());
  const lamp = random.uniform(0.55, 0.95);
  const ambient = random.uniform(0.38, 0.65);
  return {
    x,
    y: up,
    z,
    lamp: [warm[0] * lamp, warm[1] * lamp, warm[2] * lamp],
    ambient: [ambient, ambient, ambient * random.uniform(0.95, 1.1)],
    shadowX: (-x / up) * 0.8,
    shadowZ: (z / up) * 0.8,
    shadowDepth: random.uniform(0.3, 0.65),
    shadowBlur: random.uniform(0.06, 0.3),
  };
}

/** Brightness of a surface by Lambert's law, `[0, 1]`, for a unit normal. */
export function lambert(light: Light, nx: number, ny: number, nz: number): number {
  const dot = nx * light.x + ny * light.y + nz * light.z;
  return Math.max(dot, 0);
}
