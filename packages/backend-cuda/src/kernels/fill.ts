import type { DataType, FillAttrs, KernelConfig, LinSpaceAttrs, RangeAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { Fill, LinSpace, OnesLike, Range, ZerosLike } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { hostArray } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

const fillComplex = pointwise('fill float2', 'float2* ys, float value', '    ys[i] = make_float2(value, 0.0f);');
const bits = new DataView(new ArrayBuffer(4));

/** One value everywhere; a single element stays on the host. */
export function filled(backend: CudaBackend, shape: readonly number[], value: number, dtype: DataType): TensorInfo {
  const n = sizeOf(shape);
  if (n === 1 && dtype !== 'complex64') return backend.hostTensor(hostArray(dtype, 1).fill(value), shape, dtype);
  const y = backend.output(shape, dtype);
  if (n === 0) return y;
  if (dtype === 'complex64') {
    backend.run(fillComplex, n, [backend.pointer(y), value]);
    return y;
  }
  if (dtype === 'bool') {
    backend.device.fillBytes(backend.pointer(y), value ? 1 : 0, n);
    return y;
  }
  if (dtype === 'float32') bits.setFloat32(0, value);
  else bits.setInt32(0, value);
  backend.device.fillWords(backend.pointer(y), bits.getUint32(0), n);
  return y;
}

/** Computed on the host: short lists, known before any kernel runs. */
function sequence(backend: CudaBackend, start: number, step: number, count: number, dtype: DataType): TensorInfo {
  const values = hostArray(dtype, count);
  for (let i = 0; i < count; i++) values[i] = start + i * step;
  return backend.hostTensor(values, [count], dtype);
}

export const fillKernels: readonly KernelConfig[] = [
  defineKernel<object, FillAttrs>(Fill, (backend, _, { shape, value, dtype }) =>
    filled(backend, shape, Number(value), dtype ?? 'float32'),
  ),
  defineKernel<UnaryInputs>(ZerosLike, (backend, { x }) => filled(backend, x.shape, 0, x.dtype)),
  defineKernel<UnaryInputs>(OnesLike, (backend, { x }) => filled(backend, x.shape, 1, x.dtype)),
  defineKernel<object, RangeAttrs>(Range, (backend, _, { start, stop, step, dtype }) => {
    // A step of 1, also where none was given, runs towards the end.
    const towards = step === 1 && stop < start ? -1 : step;
    return sequence(backend, start, towards, Math.max(0, Math.ceil((stop - start) / towards)), dtype);
  }),
  defineKernel<object, LinSpaceAttrs>(LinSpace, (backend, _, { start, stop, num }) =>
    sequence(backend, start, num > 1 ? (stop - start) / (num - 1) : 0, num, 'float32'),
  ),
];
