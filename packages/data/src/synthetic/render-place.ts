import type { Camera } from './camera.ts';
import { clamp01, smoothStep } from './exact-math.ts';
import type { Frame } from './frame.ts';
import { type Light, lambert } from './light.ts';
import { fractalNoise, valueNoise } from './noise.ts';
import { type Place, stuffIndex, type Wall } from './place.ts';
import { type Texture, textureShare } from './texture.ts';

/** What casts a shadow on the ground. */
export interface ShadowCaster {
  readonly x: number;
  readonly z: number;
  readonly radius: number;
  readonly height: number;
}

/** Depth beyond which the range sensor gives nothing, metres. */
export const maxDepth = 10;

/** Sky, walls and ground into `frame`: colour, stuff class and depth of every pixel. */
export function renderPlace(
  frame: Frame,
  camera: Camera,
  place: Place,
  light: Light,
  casters: readonly ShadowCaster[],
): void {
  const { width, height } = camera;
  const rgb: [number, number, number] = [0, 0, 0];
  for (let row = 0, i = 0; row < height; row++) {
    const below = (row + 0.5 - camera.horizonY) / (camera.focal * camera.eyeHeight);
    for (let column = 0; column < width; column++, i++) {
      const x = column + 0.5;
      let inverse = below > 1e-4 ? below : 0;
      let wall: Wall | null = null;
      for (const candidate of place.walls) {
        if (x < candidate.left || x >= candidate.right) continue;
        const at = candidate.inverse + candidate.slope * (x - camera.centerX);
        if (at <= inverse) continue;
        if (upAt(camera, row + 0.5, at) > candidate.top) continue;
        inverse = at;
        wall = candidate;
      }
      if (inverse === 0) {
        skyColor(camera, place, x, row + 0.5, rgb);
        frame.stuff[i] = stuffIndex.sky;
      } else if (wall) {
        wallColor(camera, wall, light, x, row + 0.5, inverse, rgb);
        frame.stuff[i] = stuffIndex.wall;
      } else {
        frame.stuff[i] = groundColor(camera, place, light, casters, x, inverse, rgb);
      }
      const z = inverse > 0 ? 1 / inverse : Number.POSITIVE_INFINITY;
      frame.depth[i] = z < maxDepth ? z : 0;
      const haze = inverse > 0 ? place.haze * clamp01((z - 3) / 20) : 0;
      for (let c = 0; c < 3; c++) frame.color[i * 3 + c] = rgb[c]! + (place.skyLow[c]! - rgb[c]!) * haze;
    }
  }
}

function upAt(camera: Camera, y: number, inverse: number): number {
  return camera.eyeHeight + (camera.horizonY - y) / (camera.focal * inverse);
}

function skyColor(camera: Camera, place: Place, x: number, y: number, rgb: [number, number, number]): void {
  const t = clamp01(y / Math.max(1, camera.horizonY));
  const across = (x / camera.width) * 5;
  const cloud =
    place.cloudiness * smoothStep(0.45, 0.75, fractalNoise(place.cloudSeed, across, (y / camera.height) * 9));
  for (let c = 0; c < 3; c++) {
    const clear = place.skyHigh[c]! + (place.skyLow[c]! - place.skyHigh[c]!) * t;
    rgb[c] = clear + (0.92 - clear) * cloud * 0.8;
  }
}

function paint(
  texture: Texture,
  u: number,
  v: number,
  pixel: number,
  light: Light,
  diffuse: number,
  dim: number,
  rgb: [number, number, number],
): void {
  const t = textureShare(texture, u, v, pixel);
  for (let c = 0; c < 3; c++)
    rgb[c] =
      (texture.first[c]! + (texture.second[c]! - texture.first[c]!) * t) *
      (light.ambient[c]! + light.lamp[c]! * diffuse) *
      dim;
}

function wallColor(
  camera: Camera,
  wall: Wall,
  light: Light,
  x: number,
  y: number,
  inverse: number,
  rgb: [number, number, number],
): void {
  const z = 1 / inverse;
  const pixel = z / camera.focal;
  const along = (x - camera.centerX) * pixel + wall.slope * camera.width * 3 * z;
  const up = upAt(camera, y, inverse);
  let texture = wall.texture;
  for (const { box, texture: own } of wall.decor) {
    if (along >= box[0] && along < box[2] && up >= box[1] && up < box[3]) texture = own;
  }
  const turn = wall.slope * camera.width * z;
  const k = 1 / Math.sqrt(1 + turn * turn);
  const diffuse = lambert(light, -turn * k, 0, k) * 0.9 + 0.1;
  const corner = 0.8 + 0.2 * smoothStep(0, 0.7, up);
  paint(texture, along, up, pixel, light, diffuse, corner, rgb);
}

function groundColor(
  camera: Camera,
  place: Place,
  light: Light,
  casters: readonly ShadowCaster[],
  x: number,
  inverse: number,
  rgb: [number, number, number],
): number {
  const z = 1 / inverse;
  const along = ((x - camera.centerX) * z) / camera.focal;
  const rag = place.path.ragged > 0 ? place.path.ragged * (valueNoise(place.seed, along * 2, z * 2) - 0.5) * 2 : 0;
  const paved = Math.abs(along - place.path.offset - place.path.slant * z + rag) < place.path.half;
  const pixel = (z * Math.sqrt(1 + z * 0.5)) / camera.focal;
  const lit = 1 - light.shadowDepth * shadowAt(light, casters, along, z);
  paint(paved ? place.pavement : place.grass, along, z, pixel, light, light.y, lit, rgb);
  return paved ? stuffIndex.pavement : stuffIndex.grass;
}

/** 1 in full shadow: the nearest of the casters' blurred shadow strips. */
function shadowAt(light: Light, casters: readonly ShadowCaster[], x: number, z: number): number {
  let shadow = 0;
  for (const caster of casters) {
    const sx = light.shadowX * caster.height;
    const sz = light.shadowZ * caster.height;
    const dx = x - caster.x;
    const dz = z - caster.z;
    const reach = caster.radius + light.shadowBlur;
    if (Math.abs(dx) > reach + Math.abs(sx) || Math.abs(dz) > reach + Math.abs(sz)) continue;
    const length = sx * sx + sz * sz;
    const t = length > 0 ? clamp01((dx * sx + dz * sz) / length) : 0;
    const ex = dx - t * sx;
    const ez = dz - t * sz;
    const blur = light.shadowBlur * (0.3 + t);
    const s = 1 - smoothStep(caster.radius - blur * 0.5, caster.radius + blur, Math.sqrt(ex * ex + ez * ez));
    shadow = Math.max(shadow, s * (1 - 0.45 * t));
  }
  return shadow;
}
