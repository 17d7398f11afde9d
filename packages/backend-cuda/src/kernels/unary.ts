import type { ClipByValueAttrs, KernelConfig, LeakyReluAttrs, StepAttrs } from '@tensorflow/tfjs-core';
import {
  Abs,
  Acos,
  Acosh,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Ceil,
  ClipByValue,
  Cos,
  Cosh,
  Elu,
  Erf,
  Exp,
  Expm1,
  Floor,
  IsFinite,
  IsInf,
  IsNan,
  LeakyRelu,
  Log,
  Log1p,
  LogicalNot,
  Neg,
  Reciprocal,
  Relu,
  Relu6,
  Round,
  Rsqrt,
  Selu,
  Sigmoid,
  Sign,
  Sin,
  Sinh,
  Softplus,
  Sqrt,
  Square,
  Step,
  Tan,
  Tanh,
} from '@tensorflow/tfjs-core';
import { unary } from '../codegen/elementwise.ts';
import { cType } from '../codegen/types.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

/** Of the input's type. */
const expressions: Readonly<Record<string, string>> = {
  [Abs]: 'x < 0 ? -x : x + 0',
  [Neg]: '-x',
  [Square]: 'x * x',
  [Relu]: 'x > 0 || x != x ? x : 0',
  [Relu6]: 'x != x ? x : x < 0 ? 0 : x > 6 ? 6 : x',
  [Sign]: '(x > 0) - (x < 0)',
  [Floor]: 'floorf(x)',
  [Ceil]: 'ceilf(x)',
  [Round]: 'rintf(x)',
  [Exp]: 'expf(x)',
  [Expm1]: 'expm1f(x)',
  [Log]: 'logf(x)',
  [Log1p]: 'log1pf(x)',
  [Sqrt]: 'sqrtf(x)',
  [Rsqrt]: 'rsqrtf(x)',
  [Reciprocal]: '1.0f / x',
  [Sin]: 'sinf(x)',
  [Cos]: 'cosf(x)',
  [Tan]: 'tanf(x)',
  [Asin]: 'asinf(x)',
  [Acos]: 'acosf(x)',
  [Atan]: 'atanf(x)',
  [Sinh]: 'sinhf(x)',
  [Cosh]: 'coshf(x)',
  [Tanh]: 'tanhf(x)',
  [Asinh]: 'asinhf(x)',
  [Acosh]: 'acoshf(x)',
  [Atanh]: 'atanhf(x)',
  [Erf]: 'erff(x)',
  [Sigmoid]: '1.0f / (1.0f + expf(-x))',
  [Softplus]: 'x > 20 ? x : log1pf(expf(x))',
  [Elu]: 'x >= 0 ? x : expm1f(x)',
  [Selu]: 'x >= 0 ? 1.0507009873554805f * x : 1.7580993408473768f * expm1f(x)',
};

const tests: Readonly<Record<string, string>> = {
  [IsNan]: 'x != x',
  [IsInf]: 'isinf((float)x)',
  [IsFinite]: 'isfinite((float)x)',
  [LogicalNot]: '!x',
};

const real: typeof unary = (backend, key, x, ...rest) => {
  cType(x.dtype);
  return unary(backend, key, x, ...rest);
};

export const unaryKernels: readonly KernelConfig[] = [
  ...Object.entries(expressions).map(([name, expression]) =>
    defineKernel<UnaryInputs>(name, (backend, { x }) =>
      real(backend, name, x, expression, name === Exp ? 'float32' : x.dtype === 'bool' ? 'int32' : x.dtype),
    ),
  ),
  ...Object.entries(tests).map(([name, expression]) =>
    defineKernel<UnaryInputs>(name, (backend, { x }) => real(backend, name, x, expression, 'bool')),
  ),
  defineKernel<UnaryInputs, StepAttrs>(Step, (backend, { x }, { alpha }) =>
    real(backend, Step, x, 'x > 0 ? 1 : x != x ? x : p0', x.dtype, [alpha]),
  ),
  defineKernel<UnaryInputs, LeakyReluAttrs>(LeakyRelu, (backend, { x }, { alpha }) =>
    real(backend, LeakyRelu, x, 'x < 0 ? x * p0 : x', 'float32', [alpha]),
  ),
  defineKernel<UnaryInputs, ClipByValueAttrs>(ClipByValue, (backend, { x }, { clipValueMin, clipValueMax }) =>
    real(backend, ClipByValue, x, 'x < p0 ? p0 : x > p1 ? p1 : x', x.dtype, [clipValueMin, clipValueMax]),
  ),
];
