import type { GlidKernelName, GlidKernels } from '@glid/ops';
import type { KernelConfig, KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';

/** The name in TensorFlow.js's registries. */
export const backendName = 'cuda';

/** Inputs of the kernels that take one tensor, or two. */
export interface UnaryInputs {
  readonly x: TensorInfo;
}
export interface BinaryInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

type Kernel<Inputs, Attributes> = (
  backend: CudaBackend,
  inputs: Inputs,
  attrs: Attributes,
) => TensorInfo | TensorInfo[];

/** A kernel with typed inputs and attributes, for TensorFlow.js's registry. */
export function defineKernel<Inputs, Attributes = NamedAttrMap>(
  kernelName: string,
  kernel: Kernel<Inputs, Attributes>,
): KernelConfig {
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) => {
    const own = backend as CudaBackend;
    return own.guard(kernelName, () => kernel(own, inputs as Inputs, attrs as Attributes));
  };
  return { kernelName, backendName, kernelFunc };
}

/** A kernel of one of `@glid/ops`' contracts. */
export function defineGlidKernel<N extends GlidKernelName>(
  name: N,
  kernel: Kernel<GlidKernels[N]['inputs'], GlidKernels[N]['attrs']>,
): KernelConfig {
  return defineKernel(name, kernel);
}
