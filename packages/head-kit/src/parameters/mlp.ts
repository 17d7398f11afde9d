import type { Tensor } from '@tensorflow/tfjs-core';
import type { ParameterSpec } from '../spec/parameters.ts';
import { applyLinear, type LinearOptions, linearSpecs } from './linear.ts';

export interface MlpOptions extends LinearOptions {
  /** Width of the hidden layers; the input width when absent. */
  readonly hidden?: number;
  /** Number of linear layers, 3 when absent (DETR's and Mask2Former's choice). */
  readonly layers?: number;
}

/** The names that an MLP declares: `<name>.<layer>.kernel` and `.bias`. */
export type MlpSpecs<Name extends string> = { readonly [K in `${Name}.${number}.${'kernel' | 'bias'}`]: ParameterSpec };

/** Declares the layers of an MLP. Options on the start of the kernel and bias, and on labels, concern the last layer. */
export function mlpSpecs<const Name extends string>(
  name: Name,
  inputs: number,
  outputs: number,
  options: MlpOptions = {},
): MlpSpecs<Name> {
  const { hidden = inputs, layers = 3, ...last } = options;
  const rate = last.lrMultiplier === undefined ? {} : { lrMultiplier: last.lrMultiplier };
  const specs: Record<string, ParameterSpec> = {};
  for (let k = 0; k < layers; k++) {
    const isLast = k === layers - 1;
    Object.assign(
      specs,
      linearSpecs(`${name}.${k}`, k === 0 ? inputs : hidden, isLast ? outputs : hidden, isLast ? last : rate),
    );
  }
  return specs as MlpSpecs<Name>;
}

/** `x [..., inputs] -> [..., outputs]`: linear layers with ReLU between them. */
export function applyMlp(parameters: { readonly [name: string]: Tensor }, name: string, x: Tensor): Tensor {
  let layers = 0;
  while (`${name}.${layers}.kernel` in parameters) layers++;
  let y = x;
  for (let k = 0; k < Math.max(1, layers); k++) {
    y = applyLinear(parameters, `${name}.${k}`, y, k < layers - 1 ? 'relu' : undefined);
  }
  return y;
}
