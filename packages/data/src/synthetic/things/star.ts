import type { Random } from '@glid/base';
import { sinCos } from '../exact-math.ts';
import { polygonDistance } from '../outline.ts';
import type { Thing } from '../thing.ts';
import { applyPaint, randomPaint } from './paint.ts';

/** A thick five-pointed plate, turned at random in its plane. */
export function star(random: Random, hue?: number): Thing {
  const r = random.uniform(0.35, 0.7);
  const inner = r * random.uniform(0.4, 0.55);
  const turn = random.uniform();
  const points: number[] = [];
  for (let i = 0; i < 10; i++) {
    const { sin, cos } = sinCos(turn + i / 10);
    const length = i % 2 === 0 ? r : inner;
    points.push(sin * length, cos * length);
  }
  const lowest = Math.min(...points.filter((_, i) => i % 2 === 1));
  const lifted = points.map((p, i) => (i % 2 === 1 ? p - lowest : p));
  const xs = lifted.filter((_, i) => i % 2 === 0);
  const ys = lifted.filter((_, i) => i % 2 === 1);
  const bounds = [Math.min(...xs), 0, Math.max(...xs), Math.max(...ys)] as const;
  const paint = randomPaint(random, r, hue);
  const bevel = r * 0.14;
  const lean = random.uniform(-0.35, 0.35);
  return {
    label: 'star',
    bounds,
    footprint: r * 0.5,
    sample(x, y, pixel, out) {
      out.distance = polygonDistance(lifted, x, y);
      const rim = Math.max(0, 1 + Math.min(0, out.distance) / bevel);
      const cy = y + lowest;
      const rho = Math.sqrt(x * x + cy * cy) || 1e-9;
      const nx = lean + (x / rho) * rim * 0.8;
      const ny = (cy / rho) * rim * 0.8;
      const k = 1 / Math.sqrt(nx * nx + ny * ny + 1);
      out.nx = nx * k;
      out.ny = ny * k;
      out.nz = k;
      out.bulge = 0.08 - lean * x - 0.06 * rim;
      applyPaint(paint, x, cy, pixel, out);
    },
  };
}
