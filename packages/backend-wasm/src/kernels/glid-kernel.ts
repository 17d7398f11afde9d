import type { GlidKernelName, GlidKernels } from '@glid/ops';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../context.ts';
import { replaceKernel } from '../register.ts';

/** Registers the kernel of one of `@glid/ops`' contracts. */
export function glidKernel<N extends GlidKernelName>(
  name: N,
  kernel: (
    context: WasmContext,
    inputs: GlidKernels[N]['inputs'],
    attrs: GlidKernels[N]['attrs'],
  ) => GlidKernels[N]['outputs'] & TensorInfo[],
): void {
  replaceKernel<GlidKernels[N]['inputs'], GlidKernels[N]['attrs']>(name, () => kernel);
}
