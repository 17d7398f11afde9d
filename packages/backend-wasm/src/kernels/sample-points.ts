import type { TensorInfo } from '@tensorflow/tfjs-core';
import { glidKernel } from './glid-kernel.ts';

/** Calls `tap(map, point, pixel, weight)` for the up to four pixels of every point; pixels outside the map are left out. */
function forEachTap(
  points: Float32Array,
  [maps, count]: readonly [number, number],
  [height, width]: readonly [number, number],
  tap: (at: number, pixel: number, weight: number) => void,
): void {
  for (let at = 0; at < maps * count; at++) {
    const x = points[2 * at]! * width - 0.5;
    const y = points[2 * at + 1]! * height - 0.5;
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const first = Math.floor(at / count) * height * width;
    for (let corner = 0; corner < 4; corner++) {
      const px = x0 + (corner & 1);
      const py = y0 + (corner >> 1);
      // A point that is not a number lies outside every map.
      if (!(px >= 0 && py >= 0 && px < width && py < height)) continue;
      const weight = (corner & 1 ? x - x0 : 1 - (x - x0)) * (corner >> 1 ? y - y0 : 1 - (y - y0));
      tap(at, first + py * width + px, weight);
    }
  }
}

export function registerSamplePoints(): void {
  glidKernel('GlidSamplePoints', (context, { maps, points }) => {
    const [count, height, width] = maps.shape as [number, number, number];
    const y = context.zeros([count, points.shape[1]!]);
    const values = context.floats(maps);
    const out = context.floats(y);
    forEachTap(context.floats(points), shapeOf(points), [height, width], (at, pixel, weight) => {
      out[at]! += values[pixel]! * weight;
    });
    return [y];
  });

  glidKernel('GlidSamplePointsGrad', (context, { dy, points }, { mapSize }) => {
    const dmaps = context.zeros([points.shape[0]!, mapSize[0], mapSize[1]]);
    const gradient = context.floats(dy);
    const out = context.floats(dmaps);
    forEachTap(context.floats(points), shapeOf(points), mapSize, (at, pixel, weight) => {
      out[pixel]! += gradient[at]! * weight;
    });
    return [dmaps];
  });
}

function shapeOf(points: TensorInfo): readonly [number, number] {
  return [points.shape[0]!, points.shape[1]!];
}
