import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { Complex, ComplexAbs, FFT, IFFT, Imag, Real } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { binary, unary } from '../codegen/elementwise.ts';
import { requireFloats } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

interface Input {
  readonly input: TensorInfo;
}

/** Two float32 tensors of one shape as one of complex64. */
function complexOf(backend: CudaBackend, real: TensorInfo, imag: TensorInfo): TensorInfo {
  requireFloats(real, imag);
  return binary(backend, Complex, real, imag, 'make_float2(a, b)', 'complex64');
}

/**
 * One thread an output, which sums the whole row: n^2 operations, for the short rows of signal processing in tests and tools.
 * Angles are reduced as integers, so that they stay exact for long rows.
 */
const transform = (name: string, sign: '-' | '') =>
  pointwise(
    name,
    'const float2* xs, float2* ys, int count, float scale',
    `    const float2* x = xs + (size_t)(i / count) * count;
    float real = 0.0f, imag = 0.0f;
    for (int k = 0; k < count; k++) {
      int turn = (int)((long long)(i % count) * k % count);
      float angle = 6.283185307f * turn / count, c = cosf(angle), s = ${sign}sinf(angle);
      real += x[k].x * c - x[k].y * s;
      imag += x[k].x * s + x[k].y * c;
    }
    ys[i] = make_float2(real * scale, imag * scale);`,
  );

function fourier(name: string, sign: '-' | '', scale: (count: number) => number): KernelConfig {
  const program = transform(name, sign);
  return defineKernel<Input>(name, (backend, { input }) => {
    const y = backend.output(input.shape, 'complex64');
    const count = input.shape.at(-1)!;
    backend.run(program, sizeOf(y.shape), [backend.pointer(input), backend.pointer(y), count, scale(count)]);
    return y;
  });
}

/** Scaled, so that squares neither overflow nor vanish. */
const length = `static __device__ __forceinline__ float lengthOf(float a, float b) {
  float large = fmaxf(a, b), small = fminf(a, b), ratio = small / large;
  return large == 0.0f ? 0.0f : large * sqrtf(1.0f + ratio * ratio);
}`;

export const complexKernels: readonly KernelConfig[] = [
  defineKernel<{ real: TensorInfo; imag: TensorInfo }>(Complex, (backend, { real, imag }) =>
    complexOf(backend, real, imag),
  ),
  defineKernel<Input>(Real, (backend, { input }) => unary(backend, Real, input, 'x.x', 'float32')),
  defineKernel<Input>(Imag, (backend, { input }) => unary(backend, Imag, input, 'x.y', 'float32')),
  defineKernel<UnaryInputs>(ComplexAbs, (backend, { x }) =>
    unary(backend, ComplexAbs, x, 'lengthOf(fabsf(x.x), fabsf(x.y))', 'float32', [], length),
  ),
  fourier(FFT, '-', () => 1),
  fourier(IFFT, '', (count) => 1 / count),
];
