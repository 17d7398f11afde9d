import { GlidError } from '@glid/base';
import type { _FusedMatMulAttrs, BatchMatMulAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { _FusedMatMul, BatchMatMul, broadcast_util, upcastType } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { applyActivation } from '../programs/activation.ts';
import { sizeOf } from '../shape.ts';
import { broadcasted } from './copies.ts';
import { defineKernel } from './define-kernel.ts';
import { filled } from './fill.ts';
import { castTo } from './views.ts';

interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

/** `op(a) op(b)` over the last two axes; batches equal, or 1 on one side. */
export function matMul(backend: CudaBackend, { a, b }: Operands, transposeA: boolean, transposeB: boolean): TensorInfo {
  if (a.dtype !== 'float32' || b.dtype !== 'float32')
    return matMulOfIntegers(backend, { a, b }, transposeA, transposeB);
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k, n] = [transposeA ? columnsA : rowsA, transposeA ? rowsA : columnsA, transposeB ? rowsB : columnsB];
  if ((transposeB ? columnsB : rowsB) !== k) {
    throw new GlidError('GLID_SHAPE', `matMul of [${a.shape}] and [${b.shape}]: the inner sizes differ.`, {
      fix: 'Transpose one of them, or check where they come from.',
      details: { a: a.shape, b: b.shape, transposeA, transposeB },
    });
  }
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const [countA, countB, batches] = [sizeOf(batchA), sizeOf(batchB), sizeOf(batch)];
  const shape = [...batch, m, n];
  if (sizeOf(shape) === 0 || k === 0) return filled(backend, shape, 0, 'float32');
  if ((countA !== 1 && countA !== batches) || (countB !== 1 && countB !== batches)) {
    // Batches that are repeated in part are written out.
    const [wholeA, wholeB] = [a, b].map((x) => broadcasted(backend, x, [...batch, ...x.shape.slice(-2)]));
    const product = matMul(backend, { a: wholeA!, b: wholeB! }, transposeA, transposeB);
    backend.release(wholeA!, wholeB!);
    return product;
  }
  const y = backend.output(shape);
  // One matrix for all batches of the left side: one tall product.
  const tall = countB === 1 && batches > 1 && countA === batches && !transposeA;
  backend.products.multiply(
    tall
      ? { m: m * batches, n, k, transposeB }
      : {
          ...{ m, n, k, transposeA, transposeB, batches },
          strideA: countA === 1 ? 0 : m * k,
          strideB: countB === 1 ? 0 : k * n,
        },
    ...([backend.pointer(a), backend.pointer(b), backend.pointer(y)] as const),
  );
  return y;
}

/** Exact up to 2^24. */
function matMulOfIntegers(
  backend: CudaBackend,
  { a, b }: Operands,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo {
  const [floatA, floatB] = [castTo(backend, a, 'float32'), castTo(backend, b, 'float32')];
  const product = matMul(backend, { a: floatA, b: floatB }, transposeA, transposeB);
  const dtype = upcastType(a.dtype, b.dtype);
  const y = castTo(backend, product, dtype === 'bool' ? 'int32' : dtype);
  backend.release(floatA, floatB, product);
  return y;
}

export const matMulKernels: readonly KernelConfig[] = [
  defineKernel<Operands, BatchMatMulAttrs>(BatchMatMul, (backend, inputs, { transposeA, transposeB }) =>
    matMul(backend, inputs, transposeA, transposeB),
  ),
  defineKernel<Operands & { bias?: TensorInfo; preluActivationWeights?: TensorInfo }, _FusedMatMulAttrs>(
    _FusedMatMul,
    (
      backend,
      { bias, preluActivationWeights, ...operands },
      { transposeA, transposeB, activation, leakyreluAlpha },
    ) => {
      const y = matMul(backend, operands, transposeA, transposeB);
      applyActivation(backend, y, { bias, activation, leakyreluAlpha, prelu: preluActivationWeights });
      return y;
    },
  ),
];
