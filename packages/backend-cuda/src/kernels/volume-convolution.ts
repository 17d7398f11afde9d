import type {
  Conv3DAttrs,
  Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2Attrs,
  KernelConfig,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { backend_util, Conv3D, Conv3DBackpropFilterV2, Conv3DBackpropInputV2 } from '@tensorflow/tfjs-core';
import { blockSum } from '../codegen/block-reduce.ts';
import {
  forEachVoxelCover,
  forEachVoxelTap,
  inputAt,
  inputVoxel,
  outputAt,
  outputVoxel,
  volumeParameters,
  volumeValues,
} from '../programs/volume-window.ts';
import { pointwise, program } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';

type Size5 = [number, number, number, number, number];
type Attributes = Pick<Conv3DAttrs, 'strides' | 'pad'> & { readonly dilations?: Conv3DAttrs['dilations'] };

const describe = (x: readonly number[], filter: readonly number[], attrs: Attributes): backend_util.Conv3DInfo =>
  backend_util.computeConv3DInfo(x as Size5, filter as Size5, attrs.strides, attrs.dilations ?? 1, attrs.pad);

// Direct sums, one thread an element: no part of GLID is a volume.
const tap = '((fz * filterH + fy) * filterW + fx)';

const forward = pointwise(
  Conv3D,
  `const float* xs, const float* filter, float* ys, int channels, ${volumeParameters}`,
  `${outputVoxel('channels')}
    float total = 0.0f;
${forEachVoxelTap(`for (int c = 0; c < C; c++) {
        total += xs[${inputAt('c')}] * filter[((size_t)${tap} * C + c) * channels + channel];
      }`)}
    ys[i] = total;`,
);

const inputGradient = pointwise(
  Conv3DBackpropInputV2,
  `const float* dys, const float* filter, float* dxs, int channels, ${volumeParameters}`,
  `${inputVoxel}
    float total = 0.0f;
${forEachVoxelCover(`for (int d = 0; d < channels; d++) {
        total += dys[${outputAt('d', 'channels')}] * filter[((size_t)${tap} * C + channel) * channels + d];
      }`)}
    dxs[i] = total;`,
);

/** One block an element of the filter. */
const filterGradient = program(
  Conv3DBackpropFilterV2,
  `const float* xs, const float* dys, float* dfilter, int batch, int channels, ${volumeParameters}`,
  `  int out = blockIdx.x % channels, channel = blockIdx.x / channels % C, tap = blockIdx.x / channels / C;
  int fx = tap % filterW, fy = tap / filterW % filterH, fz = tap / filterW / filterH;
  float total = 0.0f;
  for (int i = threadIdx.x; i < batch * outD * outH * outW; i += blockDim.x) {
    int outX = i % outW, outY = i / outW % outH, outZ = i / outW / outH % outD, volume = i / outW / outH / outD;
    int z = outZ * strideD - front + fz * dilationD, y = outY * strideH - top + fy * dilationH;
    int x = outX * strideW - left + fx * dilationW;
    if (z < 0 || z >= D || y < 0 || y >= H || x < 0 || x >= W) continue;
    total += xs[${inputAt('channel')}] * dys[(size_t)i * channels + out];
  }
  total = sumBlock(total);
  if (threadIdx.x == 0) dfilter[blockIdx.x] = total;`,
  blockSum,
);

export const volumeConvolutionKernels: readonly KernelConfig[] = [
  defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv3DAttrs>(Conv3D, (backend, { x, filter }, attrs) => {
    const info = describe(x.shape, filter.shape, attrs);
    const y = backend.output(info.outShape);
    const addresses = [x, filter, y].map((tensor) => backend.pointer(tensor));
    backend.run(forward, sizeOf(y.shape), [...addresses, info.outChannels, ...volumeValues(info)]);
    return y;
  }),
  defineKernel<{ dy: TensorInfo; filter: TensorInfo }, Conv3DBackpropInputV2Attrs>(
    Conv3DBackpropInputV2,
    (backend, { dy, filter }, attrs) => {
      const info = describe(attrs.inputShape, filter.shape, attrs);
      const dx = backend.output(info.inShape);
      const addresses = [dy, filter, dx].map((tensor) => backend.pointer(tensor));
      backend.run(inputGradient, sizeOf(dx.shape), [...addresses, info.outChannels, ...volumeValues(info)]);
      return dx;
    },
  ),
  defineKernel<{ x: TensorInfo; dy: TensorInfo }, Conv3DBackpropFilterV2Attrs>(
    Conv3DBackpropFilterV2,
    (backend, { x, dy }, attrs) => {
      const info = describe(x.shape, attrs.filterShape, attrs);
      const dfilter = backend.output(attrs.filterShape);
      const n = sizeOf(dfilter.shape);
      if (n === 0) return dfilter;
      const addresses = [x, dy, dfilter].map((tensor) => backend.pointer(tensor));
      const values = [...addresses, info.batchSize, info.outChannels, ...volumeValues(info)];
      backend.device.launch(filterGradient, values, { grid: [n], block: [128] });
      return dfilter;
    },
  ),
];
