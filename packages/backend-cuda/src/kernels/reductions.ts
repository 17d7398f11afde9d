import type { ArgMaxAttrs, KernelConfig, SumAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { All, Any, ArgMax, ArgMin, Max, Mean, Min, Prod, Sum, util } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { type Reduction, reduceMiddle } from '../codegen/reduce.ts';
import { transposed } from '../codegen/strided-copy.ts';
import { cType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { axisOf, sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';
import { castTo } from './views.ts';

const infinity = (sign: '' | '-') => (type: string) =>
  type === 'float' ? `${sign}__int_as_float(0x7f800000)` : sign === '' ? '2147483647' : '(-2147483647 - 1)';
const counted = (dtype: TensorInfo['dtype']): TensorInfo['dtype'] => (dtype === 'bool' ? 'int32' : dtype);

export const sum: Reduction = { name: Sum, combine: 'a + b', empty: () => '0', dtype: counted };

const reductions: readonly Reduction[] = [
  sum,
  {
    ...sum,
    name: Mean,
    scale: (count) => 1 / count,
    accumulator: 'float',
    dtype: () => 'float32',
  },
  { name: Max, combine: 'a > b || a != a ? a : b', empty: infinity('-') },
  { name: Min, combine: 'a < b || a != a ? a : b', empty: infinity('') },
  { name: Prod, combine: 'a * b', empty: () => '1', dtype: counted },
  { name: All, combine: 'a && b', empty: () => '1', dtype: () => 'bool' },
  { name: Any, combine: 'a || b', empty: () => '0', dtype: () => 'bool' },
];

export function reduceAxes(
  backend: CudaBackend,
  reduction: Reduction,
  x: TensorInfo,
  axis: number | number[] | undefined,
  keepDims: boolean,
): TensorInfo {
  const axes = util.parseAxisParam(axis as number[], x.shape).sort((a, b) => a - b);
  const shape = x.shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]));
  if (axes.length === 0) return castTo(backend, x, reduction.dtype?.(x.dtype) ?? x.dtype);
  const [first, last] = [axes[0]!, axes.at(-1)!];
  const count = sizeOf(axes.map((i) => x.shape[i]!));
  if (last - first === axes.length - 1) {
    const sizes = [sizeOf(x.shape.slice(0, first)), count, sizeOf(x.shape.slice(last + 1))] as const;
    return reduceMiddle(backend, reduction, x, sizes, shape);
  }
  const others = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const rows = transposed(backend, x, [...others, ...axes]);
  const y = reduceMiddle(backend, reduction, rows, [sizeOf(shape), count, 1], shape);
  backend.release(rows);
  return y;
}

/** The first of equal extremes. */
function argument(name: string, operator: '>' | '<'): KernelConfig {
  return defineKernel<UnaryInputs, ArgMaxAttrs>(name, (backend, { x }, { axis }) => {
    const at = axisOf(axis, x.shape.length);
    const [count, inner] = [x.shape[at]!, sizeOf(x.shape.slice(at + 1))];
    const y = backend.output(
      x.shape.filter((_, i) => i !== at),
      'int32',
    );
    const type = cType(x.dtype);
    const body = `    const ${type}* x = xs + (size_t)(i / inner) * count * inner + i % inner;
    int best = 0;
    for (int k = 1; k < count; k++) {
      if (x[(size_t)k * inner] ${operator} x[(size_t)best * inner]) best = k;
    }
    ys[i] = best;`;
    const program = pointwise(`${name} ${type}`, `const ${type}* xs, int* ys, int count, int inner`, body);
    backend.run(program, sizeOf(y.shape), [backend.pointer(x), backend.pointer(y), count, inner]);
    return y;
  });
}

export const reductionKernels: readonly KernelConfig[] = [
  ...reductions.map((reduction) =>
    // The attribute of Max is called reductionIndices, that of the others axis.
    defineKernel<UnaryInputs, SumAttrs & { reductionIndices?: number | number[] }>(
      reduction.name,
      (backend, { x }, { axis, reductionIndices, keepDims }) =>
        reduceAxes(backend, reduction, x, reductionIndices ?? axis, keepDims),
    ),
  ),
  argument(ArgMax, '>'),
  argument(ArgMin, '<'),
];
