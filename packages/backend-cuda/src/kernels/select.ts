import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { AddN, Select, upcastType } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { cType, storageType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';

const mostSummands = 8;

function sumOf(backend: CudaBackend, xs: readonly TensorInfo[]): TensorInfo {
  const [{ shape, dtype }] = xs as [TensorInfo];
  const type = cType(dtype);
  const y = backend.output(shape, dtype);
  const parameters = `${xs.map((_, k) => `const ${type}* x${k}, `).join('')}${type}* ys`;
  const program = pointwise(
    `AddN ${xs.length} ${type}`,
    parameters,
    `    ys[i] = ${xs.map((_, k) => `x${k}[i]`).join(' + ')};`,
  );
  backend.run(
    program,
    sizeOf(shape),
    [...xs, y].map((tensor) => backend.pointer(tensor)),
  );
  return y;
}

export const selectKernels: readonly KernelConfig[] = [
  defineKernel<{ condition: TensorInfo; t: TensorInfo; e: TensorInfo }>(Select, (backend, { condition, t, e }) => {
    const y = backend.output(t.shape, upcastType(t.dtype, e.dtype));
    const n = sizeOf(t.shape);
    // A condition of rank 1 chooses rows.
    const inner = n / Math.max(1, sizeOf(condition.shape));
    const [then, other, to] = [storageType(t.dtype), storageType(e.dtype), storageType(y.dtype)];
    const program = pointwise(
      `Select ${then} ${other}`,
      `const unsigned char* conditions, const ${then}* ts, const ${other}* es, ${to}* ys, int inner`,
      `    ys[i] = conditions[i / inner] ? (${to})ts[i] : (${to})es[i];`,
    );
    const addresses = [condition, t, e, y].map((tensor) => backend.pointer(tensor));
    backend.run(program, n, [...addresses, inner]);
    return y;
  }),
  defineKernel<Readonly<Record<string, TensorInfo>>>(AddN, (backend, inputs) => {
    const xs = Object.values(inputs);
    let total = sumOf(backend, xs.slice(0, mostSummands));
    for (let at = mostSummands; at < xs.length; at += mostSummands - 1) {
      const next = sumOf(backend, [total, ...xs.slice(at, at + mostSummands - 1)]);
      backend.release(total);
      total = next;
    }
    return total;
  }),
];
