import type { KernelConfig, ScatterNdAttrs, SparseToDenseAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util, GatherNd, ScatterNd, SparseToDense, TensorScatterUpdate } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { bytesOf, cType, storageType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { filled } from './fill.ts';
import { castTo } from './views.ts';

/** C: `slice`, the place that the `rank` numbers of `indices[row]` name; parameters `step0`, …. */
const sliceOf = (rank: number, row: string): { parameters: string; code: string } => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return {
    parameters: axes.map((axis) => `, int step${axis}`).join(''),
    code: `    int slice = ${axes.map((axis) => `indices[${row} * ${rank} + ${axis}] * step${axis}`).join(' + ') || '0'};`,
  };
};

/** Rows of `updates` written to `y`, or added; places outside are left out. Of equal places one wins, by chance. */
function scatter(backend: CudaBackend, updates: TensorInfo, indices: TensorInfo, y: TensorInfo, adds: boolean): void {
  const { sliceRank, numUpdates, sliceSize, strides } = backend_util.calculateShapes(updates, indices, y.shape);
  const type = adds ? cType(y.dtype) : storageType(y.dtype);
  const { parameters, code } = sliceOf(sliceRank, 'i / size');
  const program = pointwise(
    `scatter ${adds ? 'sums' : 'values'} ${type}, rank ${sliceRank}`,
    `const ${type}* updates, const int* indices, ${type}* ys, int size, int slices, int every${parameters}`,
    `${code}
    if (slice < 0 || slice >= slices) continue;
    ${type} value = updates[i * every];
    ${type}* to = ys + (size_t)slice * size + i % size;
    ${adds ? 'atomicAdd(to, value);' : '*to = value;'}`,
  );
  const slices = sliceSize === 0 ? 0 : sizeOf(y.shape) / sliceSize;
  const addresses = [updates, indices, y].map((tensor) => backend.pointer(tensor));
  const steps = sliceRank === 0 ? [] : strides.slice(0, sliceRank);
  // A single value goes to all places.
  const values = [sliceSize, slices, sizeOf(updates.shape) === 1 ? 0 : 1, ...steps];
  backend.run(program, numUpdates * sliceSize, [...addresses, ...values]);
}

export const scatterKernels: readonly KernelConfig[] = [
  // A place outside gives 0.
  defineKernel<{ params: TensorInfo; indices: TensorInfo }>(GatherNd, (backend, { params, indices }) => {
    const rank = indices.shape.at(-1)!;
    const [shape, , size, strides] = backend_util.prepareAndValidate(params as never, indices as never);
    const y = backend.output(shape, params.dtype);
    const type = storageType(params.dtype);
    const { parameters, code } = sliceOf(rank, 'i / size');
    const program = pointwise(
      `${GatherNd} ${type}, rank ${rank}`,
      `const ${type}* xs, const int* indices, ${type}* ys, int size, int slices${parameters}`,
      `${code}
    ${type} nothing = {};
    ys[i] = slice >= 0 && slice < slices ? xs[(size_t)slice * size + i % size] : nothing;`,
    );
    const addresses = [params, indices, y].map((tensor) => backend.pointer(tensor));
    const slices = size === 0 ? 0 : sizeOf(params.shape) / size;
    backend.run(program, sizeOf(shape), [...addresses, size, slices, ...strides.slice(0, rank)]);
    return y;
  }),
  // Sums in an order of chance, as UnsortedSegmentSum.
  defineKernel<{ indices: TensorInfo; updates: TensorInfo }, ScatterNdAttrs>(
    ScatterNd,
    (backend, { indices, updates }, { shape }) => {
      const y = filled(backend, shape, 0, updates.dtype);
      scatter(backend, updates, indices, y, true);
      return y;
    },
  ),
  defineKernel<{ tensor: TensorInfo; indices: TensorInfo; updates: TensorInfo }>(
    TensorScatterUpdate,
    (backend, { tensor, indices, updates }) => {
      const y = backend.output(tensor.shape, tensor.dtype);
      const bytes = sizeOf(y.shape) * bytesOf(y.dtype);
      if (bytes > 0) backend.device.copy(backend.pointer(y), backend.pointer(tensor), bytes);
      scatter(backend, updates, indices, y, false);
      return y;
    },
  ),
  defineKernel<{ sparseIndices: TensorInfo; sparseValues: TensorInfo; defaultValue: TensorInfo }, SparseToDenseAttrs>(
    SparseToDense,
    (backend, { sparseIndices, sparseValues, defaultValue }, { outputShape }) => {
      const value = castTo(backend, defaultValue, sparseValues.dtype);
      const host = backend.hostScalar(value) ?? Number(backend.readSync(value.dataId)[0]);
      backend.release(value);
      const y = filled(backend, outputShape, host, sparseValues.dtype);
      scatter(backend, sparseValues, sparseIndices, y, false);
      return y;
    },
  ),
];
