import type { KernelConfig } from '@tensorflow/tfjs-core';
import { Equal, Greater, GreaterEqual, Less, LessEqual, LogicalAnd, LogicalOr, NotEqual } from '@tensorflow/tfjs-core';
import { binary } from '../codegen/elementwise.ts';
import { cType } from '../codegen/types.ts';
import { type BinaryInputs, defineKernel } from './define-kernel.ts';

const operators: Readonly<Record<string, string>> = {
  [Equal]: '==',
  [NotEqual]: '!=',
  [Less]: '<',
  [LessEqual]: '<=',
  [Greater]: '>',
  [GreaterEqual]: '>=',
  [LogicalAnd]: '&&',
  [LogicalOr]: '||',
};

export const comparisonKernels: readonly KernelConfig[] = Object.entries(operators).map(([name, operator]) =>
  defineKernel<BinaryInputs>(name, (backend, { a, b }) => {
    for (const { dtype } of [a, b]) cType(dtype);
    return binary(backend, name, a, b, `a ${operator} b`, 'bool');
  }),
);
