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
import { transposed } from '../codegen/strided-copy.ts';
import { applyActivation } from '../programs/activation.ts';
import { convolve, convolveFilterGradient, convolveInputGradient } from '../programs/convolution.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { filled } from './fill.ts';

type Attributes = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'> & {
  readonly dilations?: Conv2DAttrs['dilations'];
};

/** `x [B, H, W, C]` */
function describe(x: readonly number[], filter: readonly number[], attrs: Attributes): backend_util.Conv2DInfo {
  const { strides, dilations = 1, dimRoundingMode, dataFormat } = attrs;
  // Explicit padding comes in the order of the axes.
  const pad =
    Array.isArray(attrs.pad) && dataFormat === 'NCHW'
      ? ([0, 2, 3, 1].map((axis) => (attrs.pad as number[][])[axis]) as never)
      : attrs.pad;
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

/** A gradient of another size than the convolution's output would be read beside its rows. */
function checkGradient(dy: TensorInfo, { outShape }: backend_util.Conv2DInfo): void {
  if (dy.shape.join() === outShape.join()) return;
  throw new GlidError('GLID_SHAPE', `The gradient of a convolution is [${dy.shape}], its output [${outShape}].`, {
    fix: 'Give a gradient of the shape of the output; for a transposed convolution, the right output shape.',
    details: { dy: dy.shape, outShape },
  });
}

function filterGradient(
  backend: CudaBackend,
  x: TensorInfo,
  dy: TensorInfo,
  attrs: Conv2DBackpropFilterAttrs,
): TensorInfo {
  const info = describe(x.shape, attrs.filterShape, attrs);
  if (sizeOf(dy.shape) === 0 || sizeOf(info.filterShape) === 0) return filled(backend, info.filterShape, 0, 'float32');
  checkGradient(dy, info);
  const dfilter = backend.output(info.filterShape);
  convolveFilterGradient(backend, info, x, dy, dfilter);
  return dfilter;
}

function inputGradient(
  backend: CudaBackend,
  dy: TensorInfo,
  filter: TensorInfo,
  attrs: Conv2DBackpropInputAttrs,
): TensorInfo {
  const [batch, a, b, c] = attrs.inputShape;
  const info = describe(attrs.dataFormat === 'NCHW' ? [batch, b, c, a] : attrs.inputShape, filter.shape, attrs);
  if (sizeOf(dy.shape) === 0 || sizeOf(info.inShape) === 0) return filled(backend, info.inShape, 0, 'float32');
  checkGradient(dy, info);
  const dx = backend.output(info.inShape);
  convolveInputGradient(backend, info, dy, filter, dx);
  return dx;
}

const channelsLast = (backend: CudaBackend, x: TensorInfo): TensorInfo => transposed(backend, x, [0, 2, 3, 1]);

/** Runs `kernel` on pictures with channels last: where they come first, it is put between two transposes. */
function inFormat(
  backend: CudaBackend,
  { dataFormat }: Attributes,
  pictures: TensorInfo,
  kernel: (pictures: TensorInfo) => TensorInfo,
): TensorInfo {
  if (dataFormat !== 'NCHW') return kernel(pictures);
  const last = channelsLast(backend, pictures);
  const y = kernel(last);
  const result = transposed(backend, y, [0, 3, 1, 2]);
  backend.release(last, y);
  return result;
}

export const convolutionKernels: readonly KernelConfig[] = [
  defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv2DAttrs>(Conv2D, (backend, { x, filter }, attrs) =>
    inFormat(backend, attrs, x, (last) => convolution(backend, last, filter, attrs)),
  ),
  defineKernel<
    { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo; preluActivationWeights?: TensorInfo },
    FusedConv2DAttrs
  >(FusedConv2D, (backend, { x, filter, bias, preluActivationWeights }, attrs) => {
    const { activation, leakyreluAlpha } = attrs;
    return inFormat(backend, attrs, x, (last) => {
      const y = convolution(backend, last, filter, attrs);
      const whole = attrs.dataFormat === 'NCHW' && preluActivationWeights?.shape.length === 3;
      const slopes = whole ? transposed(backend, preluActivationWeights, [1, 2, 0]) : preluActivationWeights;
      applyActivation(backend, y, { bias, activation, leakyreluAlpha, prelu: slopes });
      if (whole) backend.release(slopes!);
      return y;
    });
  }),
  defineKernel<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>(
    Conv2DBackpropFilter,
    (backend, { x, dy }, attrs) => {
      if (attrs.dataFormat !== 'NCHW') return filterGradient(backend, x, dy, attrs);
      const last = [x, dy].map((pictures) => channelsLast(backend, pictures)) as [TensorInfo, TensorInfo];
      const dfilter = filterGradient(backend, ...last, attrs);
      backend.release(...last);
      return dfilter;
    },
  ),
  defineKernel<{ dy: TensorInfo; filter: TensorInfo }, Conv2DBackpropInputAttrs>(
    Conv2DBackpropInput,
    (backend, { dy, filter }, attrs) =>
      inFormat(backend, attrs, dy, (last) => inputGradient(backend, last, filter, attrs)),
  ),
];
