import type {
  AvgPool3DAttrs,
  AvgPool3DGradAttrs,
  KernelConfig,
  MaxPool3DAttrs,
  MaxPool3DGradAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { AvgPool3D, AvgPool3DGrad, backend_util, MaxPool3D, MaxPool3DGrad } from '@tensorflow/tfjs-core';
import { requireFloats } from '../codegen/types.ts';
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
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { inFloats } from './views.ts';

type Size5 = [number, number, number, number, number];

const describe = (
  x: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: MaxPool3DAttrs | AvgPool3DAttrs | MaxPool3DGradAttrs,
): backend_util.Conv3DInfo =>
  backend_util.computePool3DInfo(x.shape as Size5, filterSize, strides, 1, pad, dimRoundingMode, 'NDHWC');

const forward = (name: string, start: string, step: string, result: string) =>
  pointwise(
    name,
    `const float* xs, float* ys, ${volumeParameters}`,
    `${outputVoxel('C')}\n    ${start}\n${forEachVoxelTap(step)}\n    ys[i] = ${result};`,
  );

const maxPool = forward(
  MaxPool3D,
  'float most = -__int_as_float(0x7f800000);',
  `float v = xs[${inputAt('channel')}]; if (v > most) most = v;`,
  'most',
);
const avgPool = forward(
  AvgPool3D,
  'float total = 0.0f; int count = 0;',
  `total += xs[${inputAt('channel')}]; count++;`,
  // Windows in the padding alone give 0.
  'total / max(count, 1)',
);

/** The last of equal maxima of a window takes the gradient, as on TensorFlow.js's cpu backend. */
const maxPoolGradient = pointwise(
  MaxPool3DGrad,
  `const float* xs, const float* dys, float* dxs, ${volumeParameters}`,
  `${inputVoxel}
    float own = xs[i], total = 0.0f;
${forEachVoxelCover(`int place = (fz * filterH + fy) * filterW + fx;
      bool last = true;
      for (int k = 0; k < filterD * filterH * filterW && last; k++) {
        int otherZ = outZ * strideD - front + k / filterW / filterH;
        int otherY = outY * strideH - top + k / filterW % filterH, otherX = outX * strideW - left + k % filterW;
        if (otherZ < 0 || otherZ >= D || otherY < 0 || otherY >= H || otherX < 0 || otherX >= W) continue;
        float v = xs[((((size_t)volume * D + otherZ) * H + otherY) * W + otherX) * C + channel];
        last = k > place ? v < own : v <= own;
      }
      if (last) total += dys[${outputAt('channel')}];`)}
    dxs[i] = total;`,
);

/** Each output divides by the voxels its window covers inside the volume. */
const avgPoolGradient = pointwise(
  AvgPool3DGrad,
  `const float* dys, float* dxs, ${volumeParameters}`,
  `${inputVoxel}
    float total = 0.0f;
${forEachVoxelCover(`int z0 = outZ * strideD - front, y0 = outY * strideH - top, x0 = outX * strideW - left;
      int deep = min(z0 + filterD, D) - max(z0, 0), high = min(y0 + filterH, H) - max(y0, 0);
      int wide = min(x0 + filterW, W) - max(x0, 0);
      total += dys[${outputAt('channel')}] / (deep * high * wide);`)}
    dxs[i] = total;`,
);

export const volumePoolingKernels: readonly KernelConfig[] = [
  ...(
    [
      [MaxPool3D, maxPool],
      [AvgPool3D, avgPool],
    ] as const
  ).map(([name, program]) =>
    defineKernel<{ x: TensorInfo }, MaxPool3DAttrs | AvgPool3DAttrs>(name, (backend, inputs, attrs) =>
      inFloats(backend, inputs.x, (x) => {
        const info = describe(x, attrs);
        const y = backend.output(info.outShape);
        backend.run(program, sizeOf(y.shape), [backend.pointer(x), backend.pointer(y), ...volumeValues(info)]);
        return y;
      }),
    ),
  ),
  defineKernel<{ dy: TensorInfo; input: TensorInfo }, MaxPool3DGradAttrs>(
    MaxPool3DGrad,
    (backend, { dy, input }, attrs) => {
      requireFloats(dy, input);
      const dx = backend.output(input.shape);
      const addresses = [input, dy, dx].map((tensor) => backend.pointer(tensor));
      backend.run(maxPoolGradient, sizeOf(dx.shape), [...addresses, ...volumeValues(describe(input, attrs))]);
      return dx;
    },
  ),
  defineKernel<{ dy: TensorInfo; input: TensorInfo }, AvgPool3DGradAttrs>(
    AvgPool3DGrad,
    (backend, { dy, input }, attrs) => {
      requireFloats(dy, input);
      const dx = backend.output(input.shape);
      const values = volumeValues(describe(input, attrs));
      backend.run(avgPoolGradient, sizeOf(dx.shape), [backend.pointer(dy), backend.pointer(dx), ...values]);
      return dx;
    },
  ),
];
