import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { engine, getBackend, getKernel, reshape } from '@tensorflow/tfjs-core';
import type { GlidKernelName, GlidKernels } from './contracts.ts';
import { observed } from './observed.ts';

/** What an op hands to a kernel: the inputs of the contract, `undefined` where an optional one is not given. */
type Given<I> = { readonly [K in keyof I]: I[K] | undefined };

/** True if the active backend has registered a kernel for this contract. */
export function hasGlidKernel(name: GlidKernelName): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/** A tensor's values in another shape, for a kernel to read: no tensor is made for it. */
export function readAs({ dataId, dtype }: Tensor, shape: readonly number[]): TensorInfo {
  return { dataId, dtype, shape: shape as number[] };
}

/**
 * Runs the active backend's kernel for a contract; `undefined` if it has none, and the caller decomposes. Inputs that are no tensors
 * (`readAs`) must not meet an open tape.
 *
 * @param shapes one an output: what it is called instead, with the same elements in the same order
 */
export function runGlidKernel<N extends GlidKernelName>(
  name: N,
  inputs: Given<GlidKernels[N]['inputs']>,
  attrs: GlidKernels[N]['attrs'],
  shapes?: readonly (readonly number[])[],
): Tensor[] | undefined {
  const given = inputs as Readonly<Record<string, TensorInfo | undefined>>;
  const present: Record<string, TensorInfo> = {};
  for (const key in given) {
    const input = given[key];
    if (input !== undefined) present[key] = input;
  }
  return runOnAll(name, present as GlidKernels[N]['inputs'], attrs, shapes);
}

/** `runGlidKernel` without a look at each input: all are given. For kernels of hundreds. */
export function runOnAll<N extends GlidKernelName>(
  name: N,
  inputs: GlidKernels[N]['inputs'],
  attrs: GlidKernels[N]['attrs'],
  shapes?: readonly (readonly number[])[],
): Tensor[] | undefined {
  const kernel = getKernel(name, getBackend());
  if (kernel === undefined) return undefined;
  const own = engine();
  if (observed()) {
    const out = own.runKernel(name, inputs as unknown as NamedTensorMap, attrs as NamedAttrMap) as Tensor | Tensor[];
    const tensors = Array.isArray(out) ? out : [out];
    return shapes === undefined ? tensors : tensors.map((y, k) => reshape(y, [...shapes[k]!]));
  }
  // The engine's own way around a kernel costs the host more than most kernels do.
  const out = kernel.kernelFunc({ inputs: inputs as never, attrs: attrs as NamedAttrMap, backend: own.backend });
  const made = Array.isArray(out) ? out : [out];
  return made.map((y, k) => own.makeTensorFromTensorInfo(shapes === undefined ? y : { ...y, shape: [...shapes[k]!] }));
}
