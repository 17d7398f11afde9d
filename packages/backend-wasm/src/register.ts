import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { contextOf, type WasmContext } from './context.ts';

/** A kernel as this package writes it: typed inputs and attributes, and the context instead of the bare backend. */
export type WasmKernel<Inputs, Attributes> = (
  context: WasmContext,
  inputs: Inputs,
  attrs: Attributes,
) => TensorInfo | TensorInfo[];

/**
 * Registers a kernel for 'wasm', in place of TensorFlow.js's own if it has one. The own one keeps its set-up and is handed to
 * `make` as `stock`, for the cases that it serves rightly.
 */
export function replaceKernel<Inputs, Attributes = NamedAttrMap>(
  kernelName: string,
  make: (stock: StockKernel<Inputs>) => WasmKernel<Inputs, Attributes>,
): void {
  const own = getKernel(kernelName, 'wasm');
  const stock: StockKernel<Inputs> = (context, inputs, attrs) => {
    if (own === undefined) throw new Error(`TensorFlow.js has no wasm kernel '${kernelName}'`);
    return own.kernelFunc({
      inputs: inputs as Parameters<KernelFunc>[0]['inputs'],
      attrs: attrs as NamedAttrMap,
      backend: context.backend,
    });
  };
  const kernel = make(stock);
  if (own !== undefined) unregisterKernel(kernelName, 'wasm');
  registerKernel({
    ...own,
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => kernel(contextOf(backend), inputs as Inputs, attrs as Attributes),
  });
}

export type StockKernel<Inputs> = (context: WasmContext, inputs: Inputs, attrs: object) => TensorInfo | TensorInfo[];
