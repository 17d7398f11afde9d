import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { broadcastStrides, collapse, offsetCode, offsetValues } from './broadcast.ts';
import { storageType } from './types.ts';

/** `expression` in `x`, of the C type that `storageType` gives, and in `p0`, `p1`, … for the constants; it may call `functions`. */
export function unary(
  backend: CudaBackend,
  key: string,
  x: TensorInfo,
  expression: string,
  dtype: DataType,
  constants: readonly number[] = [],
  functions = '',
): TensorInfo {
  const y = backend.output(x.shape, dtype);
  const [from, to] = [storageType(x.dtype), storageType(dtype)];
  const parameters = constants.map((_, k) => `, float p${k}`).join('');
  const program = pointwise(
    `${key} ${from} ${to}`,
    `const ${from}* xs, ${to}* ys${parameters}`,
    `    ${from} x = xs[i];\n    ys[i] = ${expression};`,
    functions,
  );
  backend.run(program, sizeOf(x.shape), [backend.pointer(x), backend.pointer(y), ...constants]);
  return y;
}

/** `expression` in `a` and `b`, broadcast. A scalar that is still on the host goes as an argument. */
export function binary(
  backend: CudaBackend,
  key: string,
  a: TensorInfo,
  b: TensorInfo,
  expression: string,
  dtype: DataType,
): TensorInfo {
  const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const y = backend.output(shape, dtype);
  const n = sizeOf(shape);
  if (n === 0) return y;
  const [ta, tb, ty] = [storageType(a.dtype), storageType(b.dtype), storageType(dtype)];
  const apply = `static __device__ __forceinline__ ${ty} apply(${ta} a, ${tb} b) { return ${expression}; }`;
  const name = `${key} ${ta} ${tb} ${ty}`;
  // Floats and ints keep their values as arguments; a bool goes as an int.
  const argument = (type: string): string => (type === 'float' ? 'float' : 'int');

  const scalarB = sizeOf(a.shape) === n ? backend.hostScalar(b) : undefined;
  if (scalarB !== undefined) {
    const parameters = `const ${ta}* as, ${argument(tb)} b, ${ty}* ys`;
    const program = pointwise(`${name}, b scalar`, parameters, `    ys[i] = apply(as[i], (${tb})b);`, apply);
    backend.run(program, n, [backend.pointer(a), scalarB, backend.pointer(y)]);
    return y;
  }
  const scalarA = sizeOf(b.shape) === n ? backend.hostScalar(a) : undefined;
  if (scalarA !== undefined) {
    const parameters = `${argument(ta)} a, const ${tb}* bs, ${ty}* ys`;
    const program = pointwise(`${name}, a scalar`, parameters, `    ys[i] = apply((${ta})a, bs[i]);`, apply);
    backend.run(program, n, [scalarA, backend.pointer(b), backend.pointer(y)]);
    return y;
  }

  const collapsed = collapse(shape, [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)]);
  const rank = collapsed.dims.length;
  const pointers = `const ${ta}* as, const ${tb}* bs, ${ty}* ys`;
  const addresses = [backend.pointer(a), backend.pointer(b), backend.pointer(y)];
  if (rank === 0 || (rank === 1 && collapsed.strides.every(([stride]) => stride === 1))) {
    backend.run(pointwise(name, pointers, '    ys[i] = apply(as[i], bs[i]);', apply), n, addresses);
    return y;
  }
  const { parameters, code } = offsetCode(rank, ['a', 'b']);
  const body = `${code}\n    ys[i] = apply(as[at_a], bs[at_b]);`;
  const program = pointwise(`${name}, rank ${rank}`, pointers + parameters, body, apply);
  backend.run(program, n, [...addresses, ...offsetValues(collapsed)]);
  return y;
}
