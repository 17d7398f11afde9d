import type { Random } from '@glid/base';
import { polygonDistance } from '../outline.ts';
import type { Thing } from '../thing.ts';
import { applyPaint, randomPaint } from './paint.ts';

/** A cuboid seen over one of its upright edges: two sides and the top. */
export function crate(random: Random, hue?: number): Thing {
  const width = random.uniform(0.5, 1.1);
  const height = random.uniform(0.4, 1.1);
  const edge = random.uniform(-0.3, 0.3) * width;
  const tilt = random.uniform(0.1, 0.2);
  const left = -width / 2;
  const right = width / 2;
  const leftFoot = tilt * (edge - left);
  const rightFoot = tilt * (right - edge);
  const backX = left + right - edge;
  const backY = height + leftFoot + rightFoot;
  const outline = [
    left,
    leftFoot,
    edge,
    0,
    right,
    rightFoot,
    right,
    height + rightFoot,
    backX,
    backY,
    left,
    height + leftFoot,
  ];
  const paint = randomPaint(random, (width + height) / 2, hue);
  const towardsLeft = (edge - left) / width;
  const turn = Math.sqrt(towardsLeft * towardsLeft + (1 - towardsLeft) * (1 - towardsLeft));
  return {
    label: 'crate',
    bounds: [left, 0, right, backY],
    footprint: width * 0.45,
    sample(x, y, pixel, out) {
      out.distance = polygonDistance(outline, x, y);
      const onLeft = x < edge;
      const foot = onLeft ? leftFoot * ((edge - x) / (edge - left)) : rightFoot * ((x - edge) / (right - edge));
      const up = y - foot;
      if (up > height) {
        out.nx = 0;
        out.ny = 0.98;
        out.nz = 0.199;
        out.bulge = Math.max(0, 0.5 * width - (up - height) * 2);
        applyPaint(paint, x, y * 3, pixel, out);
        return;
      }
      out.nx = onLeft ? -(1 - towardsLeft) / turn : towardsLeft / turn;
      out.ny = 0;
      out.nz = onLeft ? towardsLeft / turn : (1 - towardsLeft) / turn;
      out.bulge = Math.max(0, 0.5 * width - foot / tilt);
      applyPaint(paint, onLeft ? x * 1.3 : x * 1.3 + 7, up, pixel, out);
    },
  };
}
