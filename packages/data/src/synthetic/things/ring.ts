import type { Random } from '@glid/base';
import type { Thing } from '../thing.ts';
import { applyPaint, randomPaint } from './paint.ts';

/** A torus that stands upright and faces the camera: its mask has a hole. */
export function ring(random: Random, hue?: number): Thing {
  const outer = random.uniform(0.3, 0.62);
  const tube = outer * random.uniform(0.16, 0.26);
  const middle = outer - tube;
  const paint = randomPaint(random, outer, hue);
  return {
    label: 'ring',
    bounds: [-outer, 0, outer, 2 * outer],
    footprint: outer * 0.6,
    sample(x, y, pixel, out) {
      const dy = y - outer;
      const rho = Math.sqrt(x * x + dy * dy) || 1e-9;
      const across = rho - middle;
      out.distance = Math.abs(across) - tube;
      const side = Math.max(-1, Math.min(1, across / tube));
      out.nx = (x / rho) * side;
      out.ny = (dy / rho) * side;
      out.nz = Math.sqrt(1 - side * side);
      out.bulge = tube * out.nz;
      applyPaint(paint, x, dy, pixel, out);
    },
  };
}
