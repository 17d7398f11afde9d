import type { DataType, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import {
  Add,
  Atan2,
  BitwiseAnd,
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
import type { CudaBackend } from '../backend.ts';
import { binary } from '../codegen/elementwise.ts';
import { cType } from '../codegen/types.ts';
import { type BinaryInputs, defineKernel } from './define-kernel.ts';
import { castTo } from './views.ts';

interface Expression {
  readonly float: string;
  /** Where integers need another one. */
  readonly int?: string;
  readonly dtype?: DataType;
}

/** The remainder takes the sign of the divisor. */
const wrapped = (r: string): string => `${r} != 0 && (${r} < 0) != (b < 0) ? ${r} + b : ${r}`;

const complexParts: Readonly<Record<string, string>> = {
  [Add]: 'make_float2(a.x + b.x, a.y + b.y)',
  [Sub]: 'make_float2(a.x - b.x, a.y - b.y)',
  [Multiply]: 'make_float2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x)',
};

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

function arithmetic(backend: CudaBackend, name: string, a: TensorInfo, b: TensorInfo): TensorInfo {
  const joined = upcastType(a.dtype, b.dtype);
  if (joined === 'complex64' && complexParts[name] !== undefined) {
    const pairs = [a, b].map((x) => castTo(backend, x, 'complex64')) as [TensorInfo, TensorInfo];
    const y = binary(backend, name, ...pairs, complexParts[name]!, 'complex64');
    backend.release(...pairs);
    return y;
  }
  cType(joined);
  const { float, int, dtype } = expressions[name]!;
  const type = dtype ?? (joined === 'bool' ? 'int32' : joined);
  return binary(backend, name, a, b, type === 'int32' && int !== undefined ? int : float, type);
}

export function product(backend: CudaBackend, a: TensorInfo, b: TensorInfo): TensorInfo {
  return arithmetic(backend, Multiply, a, b);
}

export const arithmeticKernels: readonly KernelConfig[] = [
  ...Object.keys(expressions).map((name) =>
    defineKernel<BinaryInputs>(name, (backend, { a, b }) => arithmetic(backend, name, a, b)),
  ),
  defineKernel<BinaryInputs>(BitwiseAnd, (backend, { a, b }) => binary(backend, BitwiseAnd, a, b, 'a & b', 'int32')),
  defineKernel<{ x: TensorInfo; alpha: TensorInfo }>(Prelu, (backend, { x, alpha }) =>
    binary(backend, Prelu, x, alpha, 'a < 0 ? a * b : a', 'float32'),
  ),
  defineKernel<{ dy: TensorInfo; y: TensorInfo }>(EluGrad, (backend, { dy, y }) =>
    binary(backend, EluGrad, dy, y, 'b >= 0 ? a : a * (b + 1)', 'float32'),
  ),
];
