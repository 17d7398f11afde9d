import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { findBackend, getKernel, registerKernel } from '@tensorflow/tfjs-core';

/** The kernels that TensorFlow.js's wasm backend lacks and the training of a Swin needs, handed to its cpu backend. */
export async function registerNaiveKernels(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  for (const kernelName of ['Conv2DBackpropFilter', 'UnsortedSegmentSum']) {
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc: throughCpu(kernelName) });
  }
}

function throughCpu(kernelName: string): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const wasm = backend as BackendWasm;
    const cpu = findBackend('cpu') as MathBackendCPU;
    const copies = Object.entries(inputs).map(([name, input]) => {
      const t = input as TensorInfo;
      return [name, cpu.makeTensorInfo(t.shape, t.dtype, wasm.readSync(t.dataId))] as const;
    });
    const out = getKernel(kernelName, 'cpu').kernelFunc({
      inputs: Object.fromEntries(copies),
      attrs: attrs ?? {},
      backend: cpu,
    });
    const result = out as TensorInfo;
    const values = cpu.readSync(result.dataId);
    for (const [, copy] of copies) cpu.disposeIntermediateTensorInfo(copy);
    cpu.disposeIntermediateTensorInfo(result);
    return wasm.makeOutput(result.shape, result.dtype, undefined, values);
  };
}
