import type { KernelConfig } from '@tensorflow/tfjs-core';
import { pointwise } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';

/** C: `body` for the up to four pixels (`at`) around point `i`, with their `share`. */
const around = (body: string): string => `    float x = points[2 * i] * W - 0.5f, y = points[2 * i + 1] * H - 0.5f;
    float left = floorf(x), top = floorf(y);
    size_t map = (size_t)(i / samples) * H * W;
    for (int corner = 0; corner < 4; corner++) {
      float column = left + (corner & 1), row = top + (corner >> 1);
      if (!(column >= 0.0f && column < W && row >= 0.0f && row < H)) continue;
      float share = (1.0f - fabsf(x - column)) * (1.0f - fabsf(y - row));
      size_t at = map + (size_t)row * W + (size_t)column;
      ${body}
    }`;

const forward = pointwise(
  'sample points',
  'const float* maps, const float* points, float* ys, int H, int W, int samples',
  `    float total = 0.0f;\n${around('total += share * maps[at];')}\n    ys[i] = total;`,
);

// Sums in an order of chance where points share a pixel.
const gradient = pointwise(
  'sample points, gradient',
  'const float* dys, const float* points, float* dmaps, int H, int W, int samples',
  around('atomicAdd(dmaps + at, share * dys[i]);'),
);

export const samplePointsKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidSamplePoints', (backend, { maps, points }) => {
    const y = backend.output(points.shape.slice(0, 2));
    const addresses = [maps, points, y].map((tensor) => backend.pointer(tensor));
    backend.run(forward, sizeOf(y.shape), [...addresses, maps.shape[1]!, maps.shape[2]!, points.shape[1]!]);
    return y;
  }),
  defineGlidKernel('GlidSamplePointsGrad', (backend, { dy, points }, { mapSize }) => {
    const dmaps = filled(backend, [points.shape[0]!, ...mapSize], 0, 'float32');
    const addresses = [dy, points, dmaps].map((tensor) => backend.pointer(tensor));
    backend.run(gradient, sizeOf(dy.shape), [...addresses, ...mapSize, points.shape[1]!]);
    return dmaps;
  }),
];
