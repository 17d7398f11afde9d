import type { KernelConfig, LRNAttrs, LRNGradAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { LRN, LRNGrad } from '@tensorflow/tfjs-core';
import { requireFloats } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

const parameters = 'int C, int radius, float bias, float alpha, float beta';
/** C: bias + alpha * the squares of the channels around. */
const norm = `static __device__ __forceinline__ float norm(const float* x, int channel, int C, int radius, float bias, float alpha) {
  float squares = 0.0f;
  for (int c = max(0, channel - radius); c <= min(C - 1, channel + radius); c++) squares += x[c] * x[c];
  return bias + alpha * squares;
}`;

const forward = pointwise(
  LRN,
  `const float* xs, float* ys, ${parameters}`,
  '    int channel = i % C;\n    ys[i] = xs[i] * powf(norm(xs + i - channel, channel, C, radius, bias, alpha), -beta);',
  norm,
);

const gradient = pointwise(
  LRNGrad,
  `const float* xs, const float* ys, const float* dys, float* dxs, ${parameters}`,
  `    int channel = i % C, row = i - channel;
    float total = 0.0f;
    for (int c = max(0, channel - radius); c <= min(C - 1, channel + radius); c++) {
      float n = norm(xs + row, c, C, radius, bias, alpha);
      float share = -2.0f * alpha * beta * xs[i] * ys[row + c] / n;
      if (c == channel) share += powf(n, -beta);
      total += share * dys[row + c];
    }
    dxs[i] = total;`,
  norm,
);

const valuesOf = (channels: number, attrs: LRNAttrs | LRNGradAttrs): number[] => [
  ...[channels, attrs.depthRadius, attrs.bias, attrs.alpha, attrs.beta],
];

/** Local response normalisation across channels. */
export const localResponseKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs, LRNAttrs>(LRN, (backend, { x }, attrs) => {
    requireFloats(x);
    const y = backend.output(x.shape);
    const values = [backend.pointer(x), backend.pointer(y), ...valuesOf(x.shape[3]!, attrs)];
    backend.run(forward, sizeOf(x.shape), values);
    return y;
  }),
  defineKernel<{ x: TensorInfo; y: TensorInfo; dy: TensorInfo }, LRNGradAttrs>(
    LRNGrad,
    (backend, { x, y, dy }, attrs) => {
      requireFloats(x, y, dy);
      const dx = backend.output(x.shape);
      const addresses = [x, y, dy, dx].map((tensor) => backend.pointer(tensor));
      backend.run(gradient, sizeOf(x.shape), [...addresses, ...valuesOf(x.shape[3]!, attrs)]);
      return dx;
    },
  ),
];
