import type { Initializer, ParameterSpecs } from '@glid/head-kit';
import { type LinearLayer, layerNorm, linearAdd } from '@glid/ops';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { type ParameterRecord, parameter } from './records.ts';

/** Truncated normal 0.02: how Swin starts its linear layers and tables, and we the tokens. */
export const smallNormal: Initializer = { kind: 'truncatedNormal', std: 0.02 };

/** Scale `<name>.gamma` and offset `<name>.beta` of a normalisation over `channels`. */
export function normSpecs(name: string, channels: number): ParameterSpecs {
  return {
    [`${name}.gamma`]: { shape: [channels], init: { kind: 'constant', value: 1 }, decay: false },
    [`${name}.beta`]: { shape: [channels], init: { kind: 'zeros' }, decay: false },
  };
}

/** Layer normalisation of `[..., C]` with the parameters under `name`, epsilon 1e-5. */
export function applyLayerNorm<T extends Tensor>(parameters: ParameterRecord, name: string, x: T): T {
  const gamma = parameter(parameters, `${name}.gamma`) as Tensor1D;
  return layerNorm(x, gamma, parameter(parameters, `${name}.beta`) as Tensor1D);
}

/** `residual` plus the linear layer under `name` of `x [..., I]`. `residual [..., O]` -> `[..., O]`. */
export function addLinear<T extends Tensor>(parameters: ParameterRecord, name: string, x: Tensor, residual: T): T {
  const kernel = parameter(parameters, `${name}.kernel`) as Tensor2D;
  return linearAdd(x, kernel, parameters[`${name}.bias`] as Tensor1D | undefined, residual);
}

/** The linear layer under `name` of `x`, for `linears`; `added` goes to `x` first. */
export function linearLayer(parameters: ParameterRecord, name: string, x: Tensor, added?: Tensor): LinearLayer {
  const kernel = parameter(parameters, `${name}.kernel`) as Tensor2D;
  return { x, added, kernel, bias: parameters[`${name}.bias`] as Tensor1D | undefined };
}
