import type { Random } from '@glid/base';
import { ellipseDistance, polygonDistance } from '../outline.ts';
import type { Thing } from '../thing.ts';
import { applyPaint, randomPaint } from './paint.ts';

export function cone(random: Random, hue?: number): Thing {
  const r = random.uniform(0.25, 0.5);
  const height = r * random.uniform(1.7, 3);
  const ry = r * 0.2;
  const side = [-r, ry, r, ry, 0, height];
  const paint = randomPaint(random, height * 0.6, hue);
  const slope = r / height;
  const k = 1 / Math.sqrt(1 + slope * slope);
  return {
    label: 'cone',
    bounds: [-r, 0, r, height],
    footprint: r,
    sample(x, y, pixel, out) {
      out.distance = Math.min(polygonDistance(side, x, y), ellipseDistance(r, ry, x, y - ry));
      const half = Math.max(0.02 * r, r * (1 - Math.max(0, y - ry) / (height - ry)));
      const across = Math.max(-1, Math.min(1, x / half));
      const front = Math.sqrt(1 - across * across);
      out.nx = across * k;
      out.ny = slope * k;
      out.nz = front * k;
      out.bulge = half * front;
      applyPaint(paint, across * (0.7 + 0.3 * across * across) * r, y, pixel, out);
    },
  };
}
