import type { CastAttrs, ExpandDimsAttrs, KernelConfig, ReshapeAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { Cast, type DataType, ExpandDims, Identity, Reshape, util } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { unary } from '../codegen/elementwise.ts';
import { cType, hostArray } from '../codegen/types.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

/** The tensor in another type; a reference where it has that type already. */
export function castTo(backend: CudaBackend, x: TensorInfo, dtype: DataType): TensorInfo {
  if (x.dtype === dtype) return backend.share(x, x.shape);
  const scalar = backend.hostScalar(x);
  if (scalar !== undefined) {
    const value = dtype === 'bool' ? Number(scalar !== 0) : scalar;
    return backend.hostTensor(hostArray(dtype, 1).fill(value), x.shape, dtype);
  }
  return unary(backend, Cast, x, dtype === 'bool' ? 'x != 0' : `(${cType(dtype)})x`, dtype);
}

/** No launches: other names and shapes for the same memory. */
export const viewKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs>(Identity, (backend, { x }) => backend.share(x, x.shape)),
  defineKernel<UnaryInputs, ReshapeAttrs>(Reshape, (backend, { x }, { shape }) =>
    backend.share(x, util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ),
  defineKernel<{ input: TensorInfo }, ExpandDimsAttrs>(ExpandDims, (backend, { input }, { dim }) => {
    const at = dim < 0 ? dim + input.shape.length + 1 : dim;
    return backend.share(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
  }),
  defineKernel<UnaryInputs, CastAttrs>(Cast, (backend, { x }, { dtype }) => castTo(backend, x, dtype)),
];
