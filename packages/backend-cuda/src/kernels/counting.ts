import type {
  BincountAttrs,
  DenseBincountAttrs,
  KernelConfig,
  SearchSortedAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { Bincount, DenseBincount, SearchSorted } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { cType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { filled } from './fill.ts';

interface Counted {
  readonly x: TensorInfo;
  /** Of x's shape, or empty: each entry counts 1. */
  readonly weights: TensorInfo;
}

/** How often each number of [0, size) is in a row of `x [rows, n]`; others are left out. */
function countRows(backend: CudaBackend, { x, weights }: Counted, size: number, onlyWhether: boolean): TensorInfo {
  const y = filled(backend, [...x.shape.slice(0, -1), size], 0, weights.dtype);
  const type = cType(weights.dtype);
  const weighted = !onlyWhether && sizeOf(weights.shape) > 0;
  const program = pointwise(
    `${Bincount} ${type} ${onlyWhether ? 'whether' : weighted ? 'weighted' : 'plain'}`,
    `const int* xs, const ${type}* weights, ${type}* ys, int columns, int size`,
    `    int value = xs[i];
    if (value < 0 || value >= size) continue;
    ${type}* to = ys + (size_t)(i / columns) * size + value;
    ${onlyWhether ? `*to = (${type})1;` : `atomicAdd(to, ${weighted ? 'weights[i]' : `(${type})1`});`}`,
  );
  const addresses = [backend.pointer(x), weighted ? backend.pointer(weights) : 0, backend.pointer(y)];
  backend.run(program, sizeOf(x.shape), [...addresses, x.shape.at(-1)!, size]);
  return y;
}

/** The first place whose entry is not below the value, or is above it. */
const search = (type: string, comparison: '<' | '<=') =>
  pointwise(
    `${SearchSorted} ${type} ${comparison}`,
    `const ${type}* sorted, const ${type}* values, int* ys, int count, int valueCount`,
    `    const ${type}* row = sorted + (size_t)(i / valueCount) * count;
    int low = 0, high = count;
    while (low < high) {
      int middle = (low + high) / 2;
      if (row[middle] ${comparison} values[i]) low = middle + 1;
      else high = middle;
    }
    ys[i] = high;`,
  );

export const countingKernels: readonly KernelConfig[] = [
  defineKernel<Counted, BincountAttrs>(Bincount, (backend, { x, weights }, { size }) =>
    countRows(backend, { x: { ...x, shape: [sizeOf(x.shape)] }, weights }, size, false),
  ),
  defineKernel<Counted, DenseBincountAttrs>(DenseBincount, (backend, inputs, { size, binaryOutput }) =>
    countRows(backend, inputs, size, binaryOutput ?? false),
  ),
  defineKernel<{ sortedSequence: TensorInfo; values: TensorInfo }, SearchSortedAttrs>(
    SearchSorted,
    (backend, { sortedSequence, values }, { side }) => {
      const y = backend.output(values.shape, 'int32');
      const program = search(cType(values.dtype), side === 'left' ? '<' : '<=');
      const addresses = [sortedSequence, values, y].map((tensor) => backend.pointer(tensor));
      backend.run(program, sizeOf(values.shape), [...addresses, sortedSequence.shape.at(-1)!, values.shape.at(-1)!]);
      return y;
    },
  ),
];
