import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { engine, getBackend, getKernel } from '@tensorflow/tfjs-core';
import type { GlidKernelName, GlidKernels } from './contracts.ts';

/** The tensors an op hands to a kernel: those of the contract, `undefined` where an optional one is not given. */
type Given<I> = { readonly [K in keyof I]: I[K] extends TensorInfo | undefined ? Tensor | undefined : never };

/** True if the active backend has registered a kernel for this contract. */
export function hasGlidKernel(name: GlidKernelName): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

/** Runs the active backend's kernel for a contract; `undefined` if it has none, and the caller decomposes. */
export function runGlidKernel<N extends GlidKernelName>(
  name: N,
  inputs: Given<GlidKernels[N]['inputs']>,
  attrs: GlidKernels[N]['attrs'],
): Tensor[] | undefined {
  if (!hasGlidKernel(name)) return undefined;
  const present: NamedTensorMap = {};
  for (const [key, tensor] of Object.entries<Tensor | undefined>(inputs)) {
    if (tensor !== undefined) present[key] = tensor;
  }
  const out = engine().runKernel(name, present, attrs as NamedAttrMap) as Tensor | Tensor[];
  return Array.isArray(out) ? out : [out];
}
