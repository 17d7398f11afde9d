import type { Random } from '@glid/base';
import type { Thing } from '../thing.ts';
import { applyPaint, randomPaint } from './paint.ts';

export function ball(random: Random, hue?: number): Thing {
  const r = random.uniform(0.22, 0.6);
  const paint = randomPaint(random, r * 2, hue);
  return {
    label: 'ball',
    bounds: [-r, 0, r, 2 * r],
    footprint: r * 0.8,
    sample(x, y, pixel, out) {
      const dy = y - r;
      const rho = Math.sqrt(x * x + dy * dy);
      out.distance = rho - r;
      const k = rho > r ? 1 / rho : 1 / r;
      out.nx = x * k;
      out.ny = dy * k;
      out.nz = Math.sqrt(Math.max(0, 1 - out.nx * out.nx - out.ny * out.ny));
      out.bulge = r * out.nz;
      const stretch = 1 / (0.35 + 0.65 * out.nz);
      applyPaint(paint, x * stretch, dy * stretch, pixel * stretch, out);
    },
  };
}
