import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';

const replaced = new Set<string>();

/** Puts a kernel of ours before a stock one. `make` gets the stock function for the cases that it does right. Idempotent. */
export function replaceKernel(kernelName: string, make: (stock: KernelFunc) => KernelFunc): void {
  if (replaced.has(kernelName)) return;
  const config = getKernel(kernelName, 'webgpu');
  if (!config) return;
  replaced.add(kernelName);
  unregisterKernel(kernelName, 'webgpu');
  registerKernel({ ...config, kernelFunc: make(config.kernelFunc) });
}

/** The shape of a program that `runWebGPUProgram` accepts. */
export type Program = Parameters<WebGPUBackend['runWebGPUProgram']>[0];

/** A program with one invocation an output element; `body` sees `index` (flat) and `coords`. */
export function elementwiseProgram(
  key: string,
  outputShape: readonly number[],
  variableNames: readonly string[],
  body: string,
): Program {
  const size = outputShape.reduce((a, b) => a * b, 1);
  return {
    outputShape: [...outputShape],
    variableNames: [...variableNames],
    workgroupSize: [64, 1, 1],
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(size / 64), 1, 1],
    size: true,
    shaderKey: `glid:${key}`,
    getUserCode: () => `
      fn main(index : i32) {
        if (index < uniforms.size) {
          ${body}
        }
      }`,
  };
}
