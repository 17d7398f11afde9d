import type { GlidKernelName, GlidKernels } from '@glid/ops';
import { getKernel, type KernelFunc, registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { type Launcher, launcherOf } from '../launch/launcher.ts';

/** Registers the kernel of one of `@glid/ops`' contracts, once a process. */
export function glidKernel<N extends GlidKernelName>(
  kernelName: N,
  kernel: (
    gpu: Launcher,
    inputs: GlidKernels[N]['inputs'],
    attrs: GlidKernels[N]['attrs'],
  ) => GlidKernels[N]['outputs'] & TensorInfo[],
): void {
  if (getKernel(kernelName, 'webgpu') !== undefined) return;
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
    kernel(
      launcherOf(backend),
      inputs as unknown as GlidKernels[N]['inputs'],
      attrs as unknown as GlidKernels[N]['attrs'],
    );
  registerKernel({ kernelName, backendName: 'webgpu', kernelFunc });
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}
