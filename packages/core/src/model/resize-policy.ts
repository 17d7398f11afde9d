import { GlidError } from '@glid/base';
import type { Size } from '../encoder/window-geometry.ts';

/**
 * How large a picture is made, its aspect ratio kept: its longest side exactly `longest`, or its shortest `shortest` but its longest
 * at most `longest`. `{}` leaves it as it is.
 */
export interface ResizePolicy {
  readonly longest?: number;
  readonly shortest?: number;
}

/** The size in pixels that a policy gives. @throws GLID_CONFIG */
export function resizedSize([height, width]: Size, { longest, shortest }: ResizePolicy): Size {
  for (const side of [longest, shortest]) {
    if (side !== undefined && !(Number.isInteger(side) && side >= 1 && side <= 16384)) {
      throw new GlidError('GLID_CONFIG', `A picture side of ${side} pixels is impossible.`, {
        fix: 'Use whole numbers from 1 to 16384, for example { longest: 640 }.',
      });
    }
  }
  const scales = [longest && longest / Math.max(height, width), shortest && shortest / Math.min(height, width)];
  const scale = Math.min(...scales.filter((s) => s !== undefined));
  if (!Number.isFinite(scale)) return [height, width];
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))];
}

/** The largest size of a picture's aspect ratio that fits inside `bounds`. */
export function fittingSize([height, width]: Size, bounds: Size): Size {
  const scale = Math.min(bounds[0] / height, bounds[1] / width);
  const side = (n: number, most: number): number => Math.min(most, Math.max(1, Math.round(n * scale)));
  return [side(height, bounds[0]), side(width, bounds[1])];
}
