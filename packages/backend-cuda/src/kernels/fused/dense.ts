import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../../backend.ts';
import { reduceMiddle } from '../../codegen/reduce.ts';
import { pointwise } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';
import { sum } from '../reductions.ts';

// erff and not cuBLASLt's epilogue, which is the tanh form.
const gelu = pointwise(
  'gelu',
  'const float* xs, float* ys',
  '    ys[i] = xs[i] * 0.5f * (1.0f + erff(xs[i] * 0.70710678f));',
);
const relu = pointwise('relu', 'const float* xs, float* ys', '    ys[i] = fmaxf(xs[i], 0.0f);');
const geluGradient = pointwise(
  'gelu, gradient',
  'const float* dys, const float* xs, float* dxs',
  `    float x = xs[i], cdf = 0.5f * (1.0f + erff(x * 0.70710678f)), density = 0.39894228f * expf(-0.5f * x * x);
    dxs[i] = dys[i] * (cdf + x * density);`,
);
const repeatRow = pointwise(
  'repeat row',
  'const float* row, float* ys, int count',
  '    ys[i] = row == 0 ? 0.0f : row[i % count];',
);

const addRow = pointwise(
  'add row',
  'const float* xs, const float* row, float* ys, int count',
  '    ys[i] = xs[i] + (row == 0 ? 0.0f : row[i % count]);',
);

function apply(backend: CudaBackend, program: typeof gelu, ...xs: readonly TensorInfo[]): TensorInfo {
  const y = backend.output(xs[0]!.shape);
  backend.run(
    program,
    sizeOf(y.shape),
    [...xs, y].map((tensor) => backend.pointer(tensor)),
  );
  return y;
}

export const denseKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidLinear', (backend, { x, kernel, bias }, { activation, withPreactivation }) => {
    const [[m, k], n] = [x.shape as [number, number], kernel.shape[1]!];
    const z = backend.output([m, n]);
    const inEpilogue = activation === 'relu' && !withPreactivation;
    if (m * n > 0 && k > 0) {
      const epilogue = inEpilogue ? (bias ? 'reluBias' : 'relu') : bias ? 'bias' : 'none';
      const addresses = [x, kernel, z].map((tensor) => backend.pointer(tensor)) as [number, number, number];
      backend.products.multiply({ m, n, k, epilogue }, ...addresses, backend.optional(bias));
    } else {
      backend.run(repeatRow, m * n, [backend.optional(bias), backend.pointer(z), n]);
    }
    if (activation === 'none' || (inEpilogue && k > 0)) return withPreactivation ? [z, backend.share(z, z.shape)] : [z];
    const y = apply(backend, activation === 'gelu' ? gelu : relu, z);
    if (withPreactivation) return [y, z];
    backend.release(z);
    return [y];
  }),
  defineGlidKernel('GlidLinearAdd', (backend, { x, kernel, bias, residual }) => {
    const [[m, k], n] = [x.shape as [number, number], kernel.shape[1]!];
    const y = backend.output([m, n]);
    if (m * n > 0 && k > 0) {
      const addresses = [x, kernel, y].map((tensor) => backend.pointer(tensor)) as [number, number, number];
      const shape = { m, n, k, epilogue: bias ? 'bias' : 'none' } as const;
      backend.products.multiply(shape, ...addresses, backend.optional(bias), backend.pointer(residual));
    } else {
      backend.run(addRow, m * n, [backend.pointer(residual), backend.optional(bias), backend.pointer(y), n]);
    }
    return y;
  }),
  defineGlidKernel('GlidColumnSum', (backend, { x }) => {
    const [rows, columns] = x.shape as [number, number];
    if (rows === 0) return filled(backend, [columns], 0, 'float32');
    return reduceMiddle(backend, sum, x, [1, rows, columns], [columns]);
  }),
  defineGlidKernel('GlidGelu', (backend, { x }) => apply(backend, gelu, x)),
  defineGlidKernel('GlidGeluGrad', (backend, { dy, x }) => apply(backend, geluGradient, dy, x)),
];
