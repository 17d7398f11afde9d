import type { DataType, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import {
  Add,
  Atan2,
  EluGrad,
  FloorDiv,
  Maximum,
  Minimum,
  Mod,
  Multiply,
  Pow,
  Prelu,
  RealDiv,
  SquaredDifference,
  Sub,
  upcastType,
} from '@tensorflow/tfjs-core';
import { binary } from '../codegen/elementwise.ts';
import { type BinaryInputs, defineKernel } from './define-kernel.ts';

interface Expression {
  readonly float: string;
  /** Where integers need another one. */
  readonly int?: string;
  readonly dtype?: DataType;
}

const wrapped = (remainder: string): string =>
  `({ auto r = ${remainder}; r != 0 && ((r < 0) != (b < 0)) ? r + b : r; })`;

const expressions: Readonly<Record<string, Expression>> = {
  [Add]: { float: 'a + b' },
  [Sub]: { float: 'a - b' },
  [Multiply]: { float: 'a * b' },
  [RealDiv]: { float: '(float)a / (float)b', dtype: 'float32' },
  // NaN wins, unlike in fmaxf.
  [Maximum]: { float: 'a > b || a != a ? a : b' },
  [Minimum]: { float: 'a < b || a != a ? a : b' },
  [SquaredDifference]: { float: '(a - b) * (a - b)' },
  [Pow]: { float: 'powf(a, b)', int: '(int)rintf(powf((float)a, (float)b))' },
  [FloorDiv]: { float: 'floorf(a / b)', int: 'a / b - (a % b != 0 && (a < 0) != (b < 0))' },
  [Mod]: { float: wrapped('fmodf(a, b)'), int: wrapped('a % b') },
  [Atan2]: { float: 'atan2f(a, b)' },
};

export const arithmeticKernels: readonly KernelConfig[] = [
  ...Object.entries(expressions).map(([name, { float, int, dtype }]) =>
    defineKernel<BinaryInputs>(name, (backend, { a, b }) => {
      const joined = dtype ?? upcastType(a.dtype, b.dtype);
      const type = joined === 'bool' ? 'int32' : joined;
      return binary(backend, name, a, b, type === 'int32' && int !== undefined ? int : float, type);
    }),
  ),
  defineKernel<{ x: TensorInfo; alpha: TensorInfo }>(Prelu, (backend, { x, alpha }) =>
    binary(backend, Prelu, x, alpha, 'a < 0 ? a * b : a', 'float32'),
  ),
  defineKernel<{ dy: TensorInfo; y: TensorInfo }>(EluGrad, (backend, { dy, y }) =>
    binary(backend, EluGrad, dy, y, 'b >= 0 ? a : a * (b + 1)', 'float32'),
  ),
];
