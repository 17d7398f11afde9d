import type { CumsumAttrs, KernelConfig } from '@tensorflow/tfjs-core';
import { Cumprod, Cumsum } from '@tensorflow/tfjs-core';
import { cType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { axisOf, sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

/** One thread a line, in sequence: the axes of this model are short. */
function cumulative(name: string, operator: '+' | '*', start: 0 | 1): KernelConfig {
  return defineKernel<UnaryInputs, CumsumAttrs>(name, (backend, { x }, { axis, exclusive, reverse }) => {
    const at = axisOf(axis, x.shape.length);
    const [count, inner] = [x.shape[at]!, sizeOf(x.shape.slice(at + 1))];
    const y = backend.output(x.shape, x.dtype);
    const type = cType(x.dtype);
    const program = pointwise(
      `${name} ${type} ${exclusive} ${reverse}`,
      `const ${type}* xs, ${type}* ys, int count, int inner`,
      `    size_t first = (size_t)(i / inner) * count * inner + i % inner;
    ${type} total = ${start};
    for (int k = 0; k < count; k++) {
      size_t at = first + (size_t)${reverse ? '(count - 1 - k)' : 'k'} * inner;
      ${exclusive ? `ys[at] = total; total = total ${operator} xs[at];` : `total = total ${operator} xs[at]; ys[at] = total;`}
    }`,
    );
    const lines = count === 0 ? 0 : sizeOf(x.shape) / count;
    backend.run(program, lines, [backend.pointer(x), backend.pointer(y), count, inner]);
    return y;
  });
}

export const cumulativeKernels: readonly KernelConfig[] = [cumulative(Cumsum, '+', 0), cumulative(Cumprod, '*', 1)];
