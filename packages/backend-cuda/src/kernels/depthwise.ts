import type {
  DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  FusedDepthwiseConv2DAttrs,
  KernelConfig,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import {
  backend_util,
  DepthwiseConv2dNative,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
  FusedDepthwiseConv2D,
} from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { blockSum } from '../codegen/block-reduce.ts';
import { applyActivation } from '../programs/activation.ts';
import {
  forEachCover,
  forEachTap,
  inputPosition,
  outputPosition,
  windowParameters,
  windowValues,
} from '../programs/sliding-window.ts';
import { pointwise, program } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';

type Size4 = [number, number, number, number];
type Attributes = Pick<DepthwiseConv2dNativeAttrs, 'strides' | 'pad' | 'dimRoundingMode'> & {
  readonly dilations?: DepthwiseConv2dNativeAttrs['dilations'];
};

const describe = (x: readonly number[], filter: readonly number[], attrs: Attributes): backend_util.Conv2DInfo =>
  backend_util.computeConv2DInfo(
    ...([x as Size4, filter as Size4, attrs.strides, attrs.dilations ?? 1] as const),
    ...([attrs.pad, attrs.dimRoundingMode, true] as const),
  );

// `multiplier` output channels an input channel.
const forward = pointwise(
  'depthwise',
  `const float* xs, const float* filter, float* ys, int multiplier, ${windowParameters}`,
  `${outputPosition('C * multiplier')}
    float total = 0.0f;
${forEachTap('total += xs[((size_t)(picture * H + y) * W + x) * C + channel / multiplier] * filter[(fy * filterW + fx) * C * multiplier + channel];')}
    ys[i] = total;`,
);

const inputGradient = pointwise(
  'depthwise, gradient of the input',
  `const float* dys, const float* filter, float* dxs, int multiplier, ${windowParameters}`,
  `${inputPosition}
    float total = 0.0f;
${forEachCover(`for (int q = 0; q < multiplier; q++) {
          int out = channel * multiplier + q;
          total += dys[((size_t)(picture * outH + outY) * outW + outX) * C * multiplier + out] * filter[(fy * filterW + fx) * C * multiplier + out];
        }`)}
    dxs[i] = total;`,
);

/** One block an element of the filter. */
const filterGradient = program(
  'depthwise, gradient of the filter',
  `const float* xs, const float* dys, float* dfilter, int batch, int multiplier, ${windowParameters}`,
  `  int out = blockIdx.x % (C * multiplier), tap = blockIdx.x / (C * multiplier), fx = tap % filterW, fy = tap / filterW;
  float total = 0.0f;
  for (int i = threadIdx.x; i < batch * outH * outW; i += blockDim.x) {
    int outX = i % outW, outY = i / outW % outH, picture = i / outW / outH;
    int y = outY * strideH - top + fy * dilationH, x = outX * strideW - left + fx * dilationW;
    if (y < 0 || y >= H || x < 0 || x >= W) continue;
    total += xs[((size_t)(picture * H + y) * W + x) * C + out / multiplier] * dys[(size_t)i * C * multiplier + out];
  }
  total = sumBlock(total);
  if (threadIdx.x == 0) dfilter[blockIdx.x] = total;`,
  blockSum,
);

function depthwise(backend: CudaBackend, x: TensorInfo, filter: TensorInfo, attrs: Attributes): TensorInfo {
  const info = describe(x.shape, filter.shape, attrs);
  const y = backend.output(info.outShape);
  const addresses = [x, filter, y].map((tensor) => backend.pointer(tensor));
  backend.run(forward, sizeOf(y.shape), [...addresses, filter.shape[3]!, ...windowValues(info)]);
  return y;
}

export const depthwiseKernels: readonly KernelConfig[] = [
  defineKernel<{ x: TensorInfo; filter: TensorInfo }, DepthwiseConv2dNativeAttrs>(
    DepthwiseConv2dNative,
    (backend, { x, filter }, attrs) => depthwise(backend, x, filter, attrs),
  ),
  defineKernel<
    { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo; preluActivationWeights?: TensorInfo },
    FusedDepthwiseConv2DAttrs
  >(FusedDepthwiseConv2D, (backend, { x, filter, bias, preluActivationWeights }, attrs) => {
    const y = depthwise(backend, x, filter, attrs);
    const { activation } = attrs;
    // In the attributes, but not in their type.
    const { leakyreluAlpha } = attrs as { leakyreluAlpha?: number };
    applyActivation(backend, y, { bias, activation, leakyreluAlpha, prelu: preluActivationWeights });
    return y;
  }),
  defineKernel<{ dy: TensorInfo; filter: TensorInfo }, DepthwiseConv2dNativeBackpropInputAttrs>(
    DepthwiseConv2dNativeBackpropInput,
    (backend, { dy, filter }, attrs) => {
      const info = describe(attrs.inputShape, filter.shape, attrs);
      const dx = backend.output(info.inShape);
      const addresses = [dy, filter, dx].map((tensor) => backend.pointer(tensor));
      backend.run(inputGradient, sizeOf(dx.shape), [...addresses, filter.shape[3]!, ...windowValues(info)]);
      return dx;
    },
  ),
  defineKernel<{ x: TensorInfo; dy: TensorInfo }, DepthwiseConv2dNativeBackpropFilterAttrs>(
    DepthwiseConv2dNativeBackpropFilter,
    (backend, { x, dy }, attrs) => {
      const info = describe(x.shape, attrs.filterShape, attrs);
      const dfilter = backend.output(attrs.filterShape);
      const n = sizeOf(dfilter.shape);
      if (n === 0) return dfilter;
      const addresses = [x, dy, dfilter].map((tensor) => backend.pointer(tensor));
      const values = [...addresses, info.batchSize, attrs.filterShape[3], ...windowValues(info)];
      backend.device.launch(filterGradient, values, { grid: [n], block: [128] });
      return dfilter;
    },
  ),
];
