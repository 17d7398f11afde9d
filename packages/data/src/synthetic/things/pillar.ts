import type { Random } from '@glid/base';
import { ellipseDistance, polygonDistance } from '../outline.ts';
import type { Thing } from '../thing.ts';
import { applyPaint, randomPaint } from './paint.ts';

/** An upright cylinder with its lid in view. */
export function pillar(random: Random, hue?: number): Thing {
  const r = random.uniform(0.16, 0.34);
  const height = r * random.uniform(3, 6);
  const ry = r * 0.22;
  const side = [-r, ry, r, ry, r, height - ry, -r, height - ry];
  const paint = randomPaint(random, r * 2, hue);
  return {
    label: 'pillar',
    bounds: [-r, 0, r, height],
    footprint: r,
    sample(x, y, pixel, out) {
      const lid = ellipseDistance(r, ry, x, y - (height - ry));
      out.distance = Math.min(polygonDistance(side, x, y), lid, ellipseDistance(r, ry, x, y - ry));
      if (lid < 0) {
        out.nx = 0;
        out.ny = 0.98;
        out.nz = 0.199;
        out.bulge = -(y - (height - ry)) * (r / ry);
        applyPaint(paint, x + 5, y * 4, pixel, out);
        return;
      }
      const across = Math.max(-1, Math.min(1, x / r));
      out.nx = across;
      out.ny = 0;
      out.nz = Math.sqrt(1 - across * across);
      out.bulge = r * out.nz;
      applyPaint(paint, across * (0.75 + 0.25 * across * across) * r * 1.4, y, pixel, out);
    },
  };
}
