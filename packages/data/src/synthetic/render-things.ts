import type { Camera } from './camera.ts';
import type { Frame } from './frame.ts';
import { type PlacedThing, pixelBounds } from './layout.ts';
import { type Light, lambert } from './light.ts';
import { maxDepth } from './render-place.ts';
import { newSurface } from './thing.ts';

/** Draws the things, farthest first, over the place. Colour is blended at outlines; a mask is where the pixel's CENTRE is covered. */
export function renderThings(frame: Frame, camera: Camera, light: Light, farthestFirst: readonly PlacedThing[]): void {
  const surface = newSurface();
  for (const [index, placed] of farthestFirst.entries()) {
    const { thing, scale, footX, footY, z } = placed;
    const area = pixelBounds(placed);
    const pixel = 1 / scale;
    const x1 = Math.min(camera.width, area.x1);
    const y1 = Math.min(camera.height, area.y1);
    for (let y = Math.max(0, area.y0); y < y1; y++) {
      const up = (footY - y - 0.5) * pixel;
      // Things darken a little towards the ground, as under a wide sky.
      const grounded = 0.82 + 0.18 * Math.min(1, Math.max(0, up) / 0.4);
      for (let x = Math.max(0, area.x0); x < x1; x++) {
        thing.sample((x + 0.5 - footX) * pixel, up, pixel, surface);
        const alpha = 0.5 - surface.distance * scale;
        if (alpha <= 0) continue;
        const i = y * camera.width + x;
        const diffuse = lambert(light, surface.nx, surface.ny, surface.nz);
        const shine = surface.nz > 0 ? 0.18 * highlight(light, surface.nx, surface.ny, surface.nz) : 0;
        const a = Math.min(alpha, 1);
        const color = frame.color;
        const o = i * 3;
        const r = surface.red * (light.ambient[0] + light.lamp[0] * diffuse) * grounded + shine;
        const g = surface.green * (light.ambient[1] + light.lamp[1] * diffuse) * grounded + shine;
        const b = surface.blue * (light.ambient[2] + light.lamp[2] * diffuse) * grounded + shine;
        color[o] = color[o]! + (r - color[o]!) * a;
        color[o + 1] = color[o + 1]! + (g - color[o + 1]!) * a;
        color[o + 2] = color[o + 2]! + (b - color[o + 2]!) * a;
        if (surface.distance >= 0) continue;
        frame.owner[i] = index + 1;
        const depth = Math.max(0.2, z - surface.bulge);
        frame.depth[i] = depth < maxDepth ? depth : 0;
      }
    }
  }
}

/** Blinn's highlight with exponent 16, viewer straight ahead. */
function highlight(light: Light, nx: number, ny: number, nz: number): number {
  const hz = light.z + 1;
  const k = 1 / Math.sqrt(light.x * light.x + light.y * light.y + hz * hz);
  const dot = (nx * light.x + ny * light.y + nz * hz) * k;
  if (dot <= 0) return 0;
  const d2 = dot * dot;
  const d4 = d2 * d2;
  const d8 = d4 * d4;
  return d8 * d8;
}
