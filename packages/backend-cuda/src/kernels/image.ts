import type {
  FusedBatchNormAttrs,
  KernelConfig,
  ResizeBilinearAttrs,
  ResizeNearestNeighborAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { FusedBatchNorm, ResizeBilinear, ResizeNearestNeighbor } from '@tensorflow/tfjs-core';
import { requireFloats } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { castTo } from './views.ts';

const resizeParameters =
  'const float* xs, float* ys, int H, int W, int C, int outH, int outW, float scaleY, float scaleX';
const position = `    int channel = i % C, pixel = i / C;
    int outX = pixel % outW, outY = pixel / outW % outH, picture = pixel / outW / outH;
    const float* x = xs + (size_t)picture * H * W * C + channel;`;

const source = (halfPixel: boolean): string =>
  halfPixel
    ? 'float y = scaleY * (outY + 0.5f) - 0.5f, x_ = scaleX * (outX + 0.5f) - 0.5f;'
    : 'float y = scaleY * outY, x_ = scaleX * outX;';

const bilinear = (halfPixel: boolean) =>
  pointwise(
    `${ResizeBilinear} ${halfPixel}`,
    resizeParameters,
    `${position}
    ${source(halfPixel)}
    y = fmaxf(y, 0.0f);
    x_ = fmaxf(x_, 0.0f);
    int top = min((int)y, H - 1), left = min((int)x_, W - 1), bottom = min(top + 1, H - 1), right = min(left + 1, W - 1);
    float down = y - top, across = x_ - left;
    float upper = x[(top * W + left) * C] * (1.0f - across) + x[(top * W + right) * C] * across;
    float lower = x[(bottom * W + left) * C] * (1.0f - across) + x[(bottom * W + right) * C] * across;
    ys[i] = upper * (1.0f - down) + lower * down;`,
  );

const nearest = (alignCorners: boolean, halfPixel: boolean) =>
  pointwise(
    `${ResizeNearestNeighbor} ${alignCorners} ${halfPixel}`,
    resizeParameters,
    `${position}
    float y = scaleY * ${halfPixel ? '(outY + 0.5f)' : 'outY'}, x_ = scaleX * ${halfPixel ? '(outX + 0.5f)' : 'outX'};
    int row = min((int)${alignCorners ? 'roundf' : 'floorf'}(y), H - 1);
    int column = min((int)${alignCorners ? 'roundf' : 'floorf'}(x_), W - 1);
    ys[i] = x[(row * W + column) * C];`,
  );

const scaleOf = (from: number, to: number, alignCorners: boolean): number =>
  alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;

function resize(
  name: string,
  choose: (alignCorners: boolean, halfPixel: boolean) => ReturnType<typeof pointwise>,
): KernelConfig {
  return defineKernel<{ images: TensorInfo }, ResizeBilinearAttrs | ResizeNearestNeighborAttrs>(
    name,
    (backend, inputs, { alignCorners, halfPixelCenters, size }) => {
      const images = castTo(backend, inputs.images, 'float32');
      const [batch, H, W, C] = images.shape as [number, number, number, number];
      const y = backend.output([batch, ...size, C]);
      const values = [H, W, C, ...size, scaleOf(H, size[0], alignCorners), scaleOf(W, size[1], alignCorners)];
      const program = choose(alignCorners, halfPixelCenters);
      backend.run(program, sizeOf(y.shape), [backend.pointer(images), backend.pointer(y), ...values]);
      backend.release(images);
      return y;
    },
  );
}

export const imageKernels: readonly KernelConfig[] = [
  resize(ResizeBilinear, (_, halfPixel) => bilinear(halfPixel)),
  resize(ResizeNearestNeighbor, nearest),
  defineKernel<
    { x: TensorInfo; mean: TensorInfo; variance: TensorInfo; offset?: TensorInfo; scale?: TensorInfo },
    FusedBatchNormAttrs
  >(FusedBatchNorm, (backend, { x, mean, variance, offset, scale }, { varianceEpsilon }) => {
    requireFloats(x, mean, variance);
    const y = backend.output(x.shape);
    const given = `${scale === undefined ? '' : ' * scale[c]'}${offset === undefined ? '' : ' + offset[c]'}`;
    const program = pointwise(
      `${FusedBatchNorm}${given}`,
      'const float* xs, const float* mean, const float* variance, const float* scale, const float* offset, float* ys, int C, float epsilon',
      `    int c = i % C;\n    ys[i] = (xs[i] - mean[c]) * rsqrtf(variance[c] + epsilon)${given};`,
    );
    const statistics = [x, mean, variance].map((tensor) => backend.pointer(tensor));
    const addresses = [...statistics, backend.optional(scale), backend.optional(offset), backend.pointer(y)];
    backend.run(program, sizeOf(x.shape), [...addresses, sizeOf(mean.shape), varianceEpsilon]);
    return y;
  }),
];
