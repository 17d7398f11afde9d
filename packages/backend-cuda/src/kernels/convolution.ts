import { GlidError } from '@glid/base';
import type {
  Conv2DAttrs,
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  FusedConv2DAttrs,
  KernelConfig,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { backend_util, Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput, FusedConv2D } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { applyActivation } from '../programs/activation.ts';
import { convolve, convolveFilterGradient, convolveInputGradient } from '../programs/convolution.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { filled } from './fill.ts';

type Attributes = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'> & {
  readonly dilations?: Conv2DAttrs['dilations'];
};

function describe(x: readonly number[], filter: readonly number[], attrs: Attributes): backend_util.Conv2DInfo {
  if (attrs.dataFormat === 'NCHW') {
    throw new GlidError('GLID_USAGE', 'Convolutions on the CUDA backend take channels last.', { fix: "Use 'NHWC'." });
  }
  const { strides, dilations = 1, pad, dimRoundingMode } = attrs;
  return backend_util.computeConv2DInfo(
    ...([x as [number, number, number, number], filter as [number, number, number, number]] as const),
    ...([strides, dilations, pad, dimRoundingMode, false, 'channelsLast'] as const),
  );
}

function convolution(backend: CudaBackend, x: TensorInfo, filter: TensorInfo, attrs: Attributes): TensorInfo {
  const info = describe(x.shape, filter.shape, attrs);
  if (sizeOf(info.outShape) === 0 || sizeOf(filter.shape) === 0) return filled(backend, info.outShape, 0, 'float32');
  const y = backend.output(info.outShape);
  convolve(backend, info, x, filter, y);
  return y;
}

export const convolutionKernels: readonly KernelConfig[] = [
  defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv2DAttrs>(Conv2D, (backend, { x, filter }, attrs) =>
    convolution(backend, x, filter, attrs),
  ),
  defineKernel<
    { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo; preluActivationWeights?: TensorInfo },
    FusedConv2DAttrs
  >(FusedConv2D, (backend, { x, filter, bias, preluActivationWeights }, attrs) => {
    const y = convolution(backend, x, filter, attrs);
    const { activation, leakyreluAlpha } = attrs;
    applyActivation(backend, y, { bias, activation, leakyreluAlpha, prelu: preluActivationWeights });
    return y;
  }),
  defineKernel<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>(
    Conv2DBackpropFilter,
    (backend, { x, dy }, attrs) => {
      const info = describe(x.shape, attrs.filterShape, attrs);
      if (sizeOf(dy.shape) === 0 || sizeOf(info.filterShape) === 0) {
        return filled(backend, info.filterShape, 0, 'float32');
      }
      const dfilter = backend.output(info.filterShape);
      convolveFilterGradient(backend, info, x, dy, dfilter);
      return dfilter;
    },
  ),
  defineKernel<{ dy: TensorInfo; filter: TensorInfo }, Conv2DBackpropInputAttrs>(
    Conv2DBackpropInput,
    (backend, { dy, filter }, attrs) => {
      const info = describe(attrs.inputShape, filter.shape, attrs);
      if (sizeOf(dy.shape) === 0 || sizeOf(info.inShape) === 0) return filled(backend, info.inShape, 0, 'float32');
      const dx = backend.output(info.inShape);
      convolveInputGradient(backend, info, dy, filter, dx);
      return dx;
    },
  ),
];
