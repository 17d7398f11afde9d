import type { KernelConfig, ResizeBilinearAttrs, ResizeNearestNeighborAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { ResizeBilinearGrad, ResizeNearestNeighborGrad } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../../backend.ts';
import { type Program, pointwise } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel, defineKernel } from '../define-kernel.ts';

const parameters = 'const float* dys, float* dxs, int H, int W, int C, int outH, int outW';
const pixel = `    int channel = i % C, rest = i / C;
    int x = rest % W, y = rest / W % H, picture = rest / W / H;
    const float* dy = dys + (size_t)picture * outH * outW * C + channel;
    float total = 0.0f;`;

/** Which point of the input an output pixel reads: corners on corners, centres on centres, or its index scaled. */
type Sampling = 'corners' | 'centres' | 'indices';

/** C: `sourceOf(out, scale)` and the outputs that can read an input pixel. */
const readers = (sampling: Sampling): string => {
  const half = sampling === 'centres' ? ' + 0.5f' : '';
  return `static __device__ __forceinline__ float sourceOf(int out, float scale) {
  return ${sampling === 'centres' ? 'fmaxf((out + 0.5f) * scale - 0.5f, 0.0f)' : 'out * scale'};
}
// A range that holds every output reading the pixel, with one to spare on either side.
static __device__ __forceinline__ int firstReader(int at, int length, int outLength, float scale) {
  if (at == 0 || scale == 0.0f) return 0;
  return max(0, (int)floorf((at - 1${half}) / scale${half.replace('+', '-')}) - 1);
}
static __device__ __forceinline__ int lastReader(int at, int length, int outLength, float scale) {
  if (at == length - 1 || scale == 0.0f) return outLength - 1;
  return min(outLength - 1, (int)ceilf((at + 1${half}) / scale${half.replace('+', '-')}) + 1);
}`;
};

/** Each input pixel gathers from the outputs that read it: no atomics, the same sum every time. */
const bilinear = (sampling: Sampling) =>
  pointwise(
    `resize bilinear, gradient ${sampling}`,
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
    `${readers(sampling)}
// The share of input pixel \`at\` in an output, along one axis.
static __device__ __forceinline__ float tapWeight(int out, int at, int length, float scale) {
  float source = sourceOf(out, scale);
  int low = min((int)floorf(source), length - 1), high = min(low + 1, length - 1);
  float fraction = source - low;
  return (low == at ? 1.0f - fraction : 0.0f) + (high == at ? fraction : 0.0f);
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

/** The input that an output reads is looked up for every output that could be one. */
const nearestSampled = (alignCorners: boolean, halfPixel: boolean) =>
  pointwise(
    `resize nearest, gradient ${alignCorners} ${halfPixel}`,
    `${parameters}, float scaleY, float scaleX`,
    `${pixel}
    int top = firstReader(y, H, outH, scaleY), bottom = lastReader(y, H, outH, scaleY);
    int left = firstReader(x, W, outW, scaleX), right = lastReader(x, W, outW, scaleX);
    for (int outY = top; outY <= bottom; outY++) {
      if (readBy(outY, H, scaleY) != y) continue;
      for (int outX = left; outX <= right; outX++) {
        if (readBy(outX, W, scaleX) == x) total += dy[((size_t)outY * outW + outX) * C];
      }
    }
    dxs[i] = total;`,
    `${readers(halfPixel ? 'centres' : 'indices')}
static __device__ __forceinline__ int readBy(int out, int length, float scale) {
  float source = scale * ${halfPixel ? '(out + 0.5f)' : 'out'};
  return min((int)${alignCorners ? 'roundf' : 'floorf'}(source), length - 1);
}`,
  );

const scaleOf = (from: number, to: number, alignCorners: boolean): number =>
  alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;

/** Runs a program that takes sizes and scales. */
function resizeBack(
  backend: CudaBackend,
  program: Program,
  dy: TensorInfo,
  inputSize: readonly [number, number],
  alignCorners: boolean,
): TensorInfo {
  const [batch, outH, outW, channels] = dy.shape as [number, number, number, number];
  const dx = backend.output([batch, ...inputSize, channels]);
  const scales = [scaleOf(inputSize[0], outH, alignCorners), scaleOf(inputSize[1], outW, alignCorners)];
  const values = [backend.pointer(dy), backend.pointer(dx), ...inputSize, channels, outH, outW, ...scales];
  backend.run(program, sizeOf(dx.shape), values);
  return dx;
}

interface ResizeInputs {
  readonly images: TensorInfo;
  readonly dy: TensorInfo;
}

export const resizeGradientKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidResizeBilinearGrad', (backend, { dy }, { inputSize, alignCorners }) =>
    resizeBack(backend, bilinear(alignCorners ? 'corners' : 'centres'), dy, inputSize, alignCorners),
  ),
  defineGlidKernel('GlidResizeNearestGrad', (backend, { dy }, { inputSize }) => {
    const [batch, outH, outW, channels] = dy.shape as [number, number, number, number];
    const dx = backend.output([batch, ...inputSize, channels]);
    const values = [backend.pointer(dy), backend.pointer(dx), ...inputSize, channels, outH, outW];
    backend.run(nearest, sizeOf(dx.shape), values);
    return dx;
  }),
  defineKernel<ResizeInputs, ResizeBilinearAttrs>(
    ResizeBilinearGrad,
    (backend, { images, dy }, { alignCorners, halfPixelCenters }) => {
      const sampling = alignCorners ? 'corners' : halfPixelCenters ? 'centres' : 'indices';
      const inputSize = images.shape.slice(1, 3) as [number, number];
      return resizeBack(backend, bilinear(sampling), dy, inputSize, alignCorners);
    },
  ),
  defineKernel<ResizeInputs, ResizeNearestNeighborAttrs>(
    ResizeNearestNeighborGrad,
    (backend, { images, dy }, { alignCorners, halfPixelCenters }) => {
      const inputSize = images.shape.slice(1, 3) as [number, number];
      return resizeBack(backend, nearestSampled(alignCorners, halfPixelCenters), dy, inputSize, alignCorners);
    },
  ),
];
