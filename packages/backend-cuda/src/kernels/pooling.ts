import type {
  AvgPoolAttrs,
  AvgPoolGradAttrs,
  KernelConfig,
  MaxPoolAttrs,
  MaxPoolGradAttrs,
  MaxPoolWithArgmaxAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { AvgPool, AvgPoolGrad, backend_util, MaxPool, MaxPoolGrad, MaxPoolWithArgmax } from '@tensorflow/tfjs-core';
import { requireFloats } from '../codegen/types.ts';
import {
  forEachCover,
  forEachTap,
  inputPosition,
  outputPosition,
  windowParameters,
  windowValues,
} from '../programs/sliding-window.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { inFloats } from './views.ts';

const describe = (x: TensorInfo, attrs: MaxPoolAttrs | AvgPoolAttrs | MaxPoolGradAttrs): backend_util.Conv2DInfo =>
  backend_util.computePool2DInfo(
    ...([x.shape as [number, number, number, number], attrs.filterSize, attrs.strides, 1] as const),
    ...([attrs.pad, attrs.dimRoundingMode] as const),
  );

const sampled = 'xs[((size_t)(picture * H + y) * W + x) * C + channel]';

const forward = (name: string, start: string, step: string, result: string) =>
  pointwise(
    name,
    `const float* xs, float* ys, ${windowParameters}`,
    `${outputPosition('C')}\n    ${start}\n${forEachTap(step)}\n    ys[i] = ${result};`,
  );

const maxPool = forward(
  MaxPool,
  'float most = -__int_as_float(0x7f800000);',
  // NaN is no maximum, as on TensorFlow.js's other backends.
  `float v = ${sampled}; if (v > most) most = v;`,
  'most',
);
const avgPool = forward(
  AvgPool,
  'float total = 0.0f; int count = 0;',
  `total += ${sampled}; count++;`,
  'total / count',
);

/** The maxima, and where the first of equal ones is in the flattened picture or batch. */
const maxPoolWithArgmax = pointwise(
  MaxPoolWithArgmax,
  `const float* xs, float* ys, int* places, int inBatch, ${windowParameters}`,
  `${outputPosition('C')}
    float most = -__int_as_float(0x7f800000);
    int best = -1;
${forEachTap(`float v = ${sampled};
        if (best < 0 || v > most || most != most) {
          most = v;
          best = ((inBatch ? picture * H : 0) + y) * W * C + x * C + channel;
        }`)}
    ys[i] = most;
    places[i] = best;`,
);

/** The first of equal maxima of a window takes the gradient. */
const maxPoolGradient = pointwise(
  MaxPoolGrad,
  `const float* xs, const float* dys, float* dxs, ${windowParameters}`,
  `${inputPosition}
    float own = xs[i], total = 0.0f;
${forEachCover(`bool first = true;
        for (int k = 0; k < filterH * filterW && first; k++) {
          int otherY = outY * strideH - top + k / filterW, otherX = outX * strideW - left + k % filterW;
          if (otherY < 0 || otherY >= H || otherX < 0 || otherX >= W) continue;
          float v = xs[((size_t)(picture * H + otherY) * W + otherX) * C + channel];
          bool before = k < fy * filterW + fx;
          first = before ? v < own : v <= own;
        }
        if (first) total += dys[((size_t)(picture * outH + outY) * outW + outX) * C + channel];`)}
    dxs[i] = total;`,
);

/** Each output divides by the pixels its window covers inside the picture. */
const avgPoolGradient = pointwise(
  AvgPoolGrad,
  `const float* dys, float* dxs, ${windowParameters}`,
  `${inputPosition}
    float total = 0.0f;
${forEachCover(`int y0 = outY * strideH - top, x0 = outX * strideW - left;
        int count = (min(y0 + filterH, H) - max(y0, 0)) * (min(x0 + filterW, W) - max(x0, 0));
        total += dys[((size_t)(picture * outH + outY) * outW + outX) * C + channel] / count;`)}
    dxs[i] = total;`,
);

export const poolingKernels: readonly KernelConfig[] = [
  ...(
    [
      [MaxPool, maxPool],
      [AvgPool, avgPool],
    ] as const
  ).map(([name, program]) =>
    defineKernel<{ x: TensorInfo }, MaxPoolAttrs | AvgPoolAttrs>(name, (backend, inputs, attrs) =>
      inFloats(backend, inputs.x, (x) => {
        const info = describe(x, attrs);
        const y = backend.output(info.outShape);
        backend.run(program, sizeOf(y.shape), [backend.pointer(x), backend.pointer(y), ...windowValues(info)]);
        return y;
      }),
    ),
  ),
  defineKernel<{ x: TensorInfo }, MaxPoolWithArgmaxAttrs>(MaxPoolWithArgmax, (backend, { x }, attrs) => {
    requireFloats(x);
    const info = describe(x, attrs as never);
    const [y, places] = [backend.output(info.outShape), backend.output(info.outShape, 'int32')];
    const addresses = [x, y, places].map((tensor) => backend.pointer(tensor));
    const inBatch = attrs.includeBatchInIndex ? 1 : 0;
    backend.run(maxPoolWithArgmax, sizeOf(y.shape), [...addresses, inBatch, ...windowValues(info)]);
    return [y, places];
  }),
  defineKernel<{ dy: TensorInfo; input: TensorInfo }, MaxPoolGradAttrs>(
    MaxPoolGrad,
    (backend, { dy, input }, attrs) => {
      requireFloats(dy, input);
      const dx = backend.output(input.shape);
      const addresses = [input, dy, dx].map((tensor) => backend.pointer(tensor));
      backend.run(maxPoolGradient, sizeOf(dx.shape), [...addresses, ...windowValues(describe(input, attrs))]);
      return dx;
    },
  ),
  defineKernel<{ dy: TensorInfo; input: TensorInfo }, AvgPoolGradAttrs>(
    AvgPoolGrad,
    (backend, { dy, input }, attrs) => {
      requireFloats(dy, input);
      const dx = backend.output(input.shape);
      const values = windowValues(describe(input, { ...attrs, dimRoundingMode: undefined } as never));
      backend.run(avgPoolGradient, sizeOf(dx.shape), [backend.pointer(dy), backend.pointer(dx), ...values]);
      return dx;
    },
  ),
];
