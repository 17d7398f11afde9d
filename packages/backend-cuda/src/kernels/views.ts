import type { CastAttrs, ExpandDimsAttrs, KernelConfig, ReshapeAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { Cast, type DataType, ExpandDims, Identity, Real, Reshape, util } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { unary } from '../codegen/elementwise.ts';
import { cType, hostArray } from '../codegen/types.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

/** The tensor in another type; a reference where it has that type already. */
export function castTo(backend: CudaBackend, x: TensorInfo, dtype: DataType): TensorInfo {
  if (x.dtype === dtype) return backend.share(x, x.shape);
  if (x.dtype === 'complex64') {
    const real = unary(backend, Real, x, 'x.x', 'float32');
    const y = castTo(backend, real, dtype);
    backend.release(real);
    return y;
  }
  if (dtype === 'complex64') return unary(backend, Cast, x, 'make_float2(x, 0.0f)', dtype);
  const scalar = backend.hostScalar(x);
  if (scalar !== undefined) {
    const value = dtype === 'bool' ? Number(scalar !== 0) : scalar;
    return backend.hostTensor(hostArray(dtype, 1).fill(value), x.shape, dtype);
  }
  return unary(backend, Cast, x, dtype === 'bool' ? 'x != 0' : `(${cType(dtype)})x`, dtype);
}

/** `kernel` of the tensor as float32, its result in the tensor's own type. */
export function inFloats(backend: CudaBackend, x: TensorInfo, kernel: (x: TensorInfo) => TensorInfo): TensorInfo {
  if (x.dtype === 'float32') return kernel(x);
  const floats = castTo(backend, x, 'float32');
  const result = kernel(floats);
  const y = castTo(backend, result, x.dtype);
  backend.release(floats, result);
  return y;
}

/** No launches: other names and shapes for the same memory. */
export const viewKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs>(Identity, (backend, { x }) => backend.share(x, x.shape)),
  defineKernel<UnaryInputs, ReshapeAttrs>(Reshape, (backend, { x }, { shape }) =>
    backend.share(x, util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ),
  defineKernel<{ input: TensorInfo }, ExpandDimsAttrs>(ExpandDims, (backend, { input }, { dim }) => {
    const at = dim < 0 ? dim + input.shape.length + 1 : dim;
    util.assert(at >= 0, () => `Axis must be in [${-input.shape.length - 1}, ${input.shape.length}].`);
    return backend.share(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
  }),
  defineKernel<UnaryInputs, CastAttrs>(Cast, (backend, { x }, { dtype }) => castTo(backend, x, dtype)),
];
