import type { TensorInfo } from '@tensorflow/tfjs-core';
import { glidKernel } from './glid-kernel.ts';

/** Where a point lies: its upper left pixel and the shares of the right column and the lower row. */
const places = (points: Float32Array, at: number, height: number, width: number): boolean => {
  const x = points[2 * at]! * width - 0.5;
  const y = points[2 * at + 1]! * height - 0.5;
  // A point that is not a number lies outside every map.
  if (!(x > -1 && y > -1 && x < width && y < height)) return false;
  place.column = Math.floor(x);
  place.row = Math.floor(y);
  place.right = x - place.column;
  place.lower = y - place.row;
  return true;
};
const place = { row: 0, column: 0, right: 0, lower: 0 };

export function registerSamplePoints(): void {
  glidKernel('GlidSamplePoints', (context, { maps, points }) => {
    const [count, height, width] = maps.shape as [number, number, number];
    const samples = points.shape[1]!;
    const y = context.output([count, samples]);
    const scratch = context.scratch(context.simd.samplePointsScratch(height, width));
    context.simd.samplePoints(
      context.pointer(maps),
      context.pointer(points),
      context.pointer(y),
      ...([count, height, width, samples, scratch] as const),
    );
    return [y];
  });

  glidKernel('GlidSamplePointsGrad', (context, { dy, points }, { mapSize: [height, width] }) => {
    const [count, samples] = shapeOf(points);
    const dmaps = context.zeros([count, height, width]);
    const gradient = context.floats(dy);
    const where = context.floats(points);
    const out = context.floats(dmaps);
    for (let n = 0, at = 0; n < count; n++) {
      const first = n * height * width;
      for (let end = at + samples; at < end; at++) {
        if (!places(where, at, height, width)) continue;
        const { row, column, right, lower } = place;
        const pixel = first + row * width + column;
        const g = gradient[at]!;
        const hasLeft = column >= 0;
        const hasRight = column + 1 < width;
        if (row >= 0) {
          if (hasLeft) out[pixel]! += (1 - lower) * (1 - right) * g;
          if (hasRight) out[pixel + 1]! += (1 - lower) * right * g;
        }
        if (row + 1 < height) {
          if (hasLeft) out[pixel + width]! += lower * (1 - right) * g;
          if (hasRight) out[pixel + width + 1]! += lower * right * g;
        }
      }
    }
    return [dmaps];
  });
}

function shapeOf(points: TensorInfo): readonly [number, number] {
  return [points.shape[0]!, points.shape[1]!];
}
