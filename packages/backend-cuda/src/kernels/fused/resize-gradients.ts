import type { KernelConfig } from '@tensorflow/tfjs-core';
import { pointwise } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';

const parameters = 'const float* dys, float* dxs, int H, int W, int C, int outH, int outW';
const pixel = `    int channel = i % C, rest = i / C;
    int x = rest % W, y = rest / W % H, picture = rest / W / H;
    const float* dy = dys + (size_t)picture * outH * outW * C + channel;
    float total = 0.0f;`;

/** Each input pixel gathers from the outputs that read it: no atomics, the same sum every time. */
const bilinear = (alignCorners: boolean) =>
  pointwise(
    `resize bilinear, gradient ${alignCorners}`,
    `${parameters}, float scaleY, float scaleX`,
    `${pixel}
    int top = firstReader(y, H, outH, scaleY), bottom = lastReader(y, H, outH, scaleY);
    int left = firstReader(x, W, outW, scaleX), right = lastReader(x, W, outW, scaleX);
    for (int outY = top; outY <= bottom; outY++) {
      float down = tapWeight(outY, y, H, scaleY);
      if (down == 0.0f) continue;
      for (int outX = left; outX <= right; outX++) {
        total += down * tapWeight(outX, x, W, scaleX) * dy[((size_t)outY * outW + outX) * C];
      }
    }
    dxs[i] = total;`,
    `static __device__ __forceinline__ float sourceOf(int out, float scale) {
  return ${alignCorners ? 'out * scale' : 'fmaxf((out + 0.5f) * scale - 0.5f, 0.0f)'};
}
// The share of input pixel \`at\` in an output, along one axis.
static __device__ __forceinline__ float tapWeight(int out, int at, int length, float scale) {
  float source = sourceOf(out, scale);
  int low = min((int)floorf(source), length - 1), high = min(low + 1, length - 1);
  float fraction = source - low;
  return (low == at ? 1.0f - fraction : 0.0f) + (high == at ? fraction : 0.0f);
}
// A range that holds every output reading the pixel, with one to spare on either side.
static __device__ __forceinline__ int firstReader(int at, int length, int outLength, float scale) {
  if (at == 0 || scale == 0.0f) return 0;
  return max(0, (int)floorf((at - 1${alignCorners ? '' : ' + 0.5f'}) / scale${alignCorners ? '' : ' - 0.5f'}) - 1);
}
static __device__ __forceinline__ int lastReader(int at, int length, int outLength, float scale) {
  if (at == length - 1 || scale == 0.0f) return outLength - 1;
  return min(outLength - 1, (int)ceilf((at + 1${alignCorners ? '' : ' + 0.5f'}) / scale${alignCorners ? '' : ' - 0.5f'}) + 1);
}`,
  );

/** Output k reads input floor(k in / out): input y is read by ceil(y out / in) up to ceil((y + 1) out / in). */
const nearest = pointwise(
  'resize nearest, gradient',
  parameters,
  `${pixel}
    int top = (y * outH + H - 1) / H, bottom = ((y + 1) * outH + H - 1) / H;
    int left = (x * outW + W - 1) / W, right = ((x + 1) * outW + W - 1) / W;
    for (int outY = top; outY < bottom; outY++) {
      for (int outX = left; outX < right; outX++) total += dy[((size_t)outY * outW + outX) * C];
    }
    dxs[i] = total;`,
);

export const resizeGradientKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidResizeBilinearGrad', (backend, { dy }, { inputSize, alignCorners }) => {
    const [batch, outH, outW, channels] = dy.shape as [number, number, number, number];
    const dx = backend.output([batch, ...inputSize, channels]);
    const scale = (from: number, to: number): number =>
      alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
    const scales = [scale(inputSize[0], outH), scale(inputSize[1], outW)];
    const values = [backend.pointer(dy), backend.pointer(dx), ...inputSize, channels, outH, outW, ...scales];
    backend.run(bilinear(alignCorners), sizeOf(dx.shape), values);
    return dx;
  }),
  defineGlidKernel('GlidResizeNearestGrad', (backend, { dy }, { inputSize }) => {
    const [batch, outH, outW, channels] = dy.shape as [number, number, number, number];
    const dx = backend.output([batch, ...inputSize, channels]);
    const values = [backend.pointer(dy), backend.pointer(dx), ...inputSize, channels, outH, outW];
    backend.run(nearest, sizeOf(dx.shape), values);
    return dx;
  }),
];
