import { GlidError } from '@glid/base';
import { linear } from '@glid/ops';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Initializer, ParameterSpec } from '../spec/parameters.ts';

export interface LinearOptions {
  /** Start of the kernel; `xavierUniform` when absent. */
  readonly kernel?: Initializer;
  /** Start of the bias, zeros when absent; `false` = no bias. */
  readonly bias?: Initializer | false;
  /** `output`: the outputs are the head's labels, so that a checkpoint's rows are matched by label name. */
  readonly labelAxis?: 'output';
  readonly lrMultiplier?: number;
}

type BiasOf<O> = O extends { readonly bias: false } ? never : 'bias';

/** The names that a linear layer declares. */
export type LinearSpecs<Name extends string, O = object> = {
  readonly [K in `${Name}.kernel` | `${Name}.${BiasOf<O>}`]: ParameterSpec;
};

/** Declares `<name>.kernel [inputs, outputs]` and `<name>.bias [outputs]` (no weight decay on the bias). */
export function linearSpecs<const Name extends string, const O extends LinearOptions = object>(
  name: Name,
  inputs: number,
  outputs: number,
  options?: O,
): LinearSpecs<Name, O> {
  const { kernel = { kind: 'xavierUniform' }, bias, labelAxis, lrMultiplier }: LinearOptions = options ?? {};
  const rate = lrMultiplier === undefined ? {} : { lrMultiplier };
  const specs: Record<string, ParameterSpec> = {
    [`${name}.kernel`]: {
      shape: [inputs, outputs],
      init: kernel,
      ...rate,
      ...(labelAxis === 'output' ? { labelAxis: 1 } : {}),
    },
  };
  if (bias !== false) {
    specs[`${name}.bias`] = {
      shape: [outputs],
      init: bias ?? { kind: 'zeros' },
      decay: false,
      ...rate,
      ...(labelAxis === 'output' ? { labelAxis: 0 } : {}),
    };
  }
  return specs as LinearSpecs<Name, O>;
}

/** `x [..., inputs] -> [..., outputs]`: the linear layer declared under `name`. */
export function applyLinear(
  parameters: { readonly [name: string]: Tensor },
  name: string,
  x: Tensor,
  activation?: 'relu' | 'gelu',
): Tensor {
  const kernel = parameters[`${name}.kernel`];
  if (!kernel) throw missing(name, parameters);
  return linear(x, kernel as Tensor2D, parameters[`${name}.bias`] as Tensor1D | undefined, activation);
}

function missing(name: string, parameters: { readonly [name: string]: Tensor }): GlidError {
  return new GlidError('GLID_USAGE', `There is no parameter '${name}.kernel'.`, {
    fix: `Declare it with linearSpecs('${name}', …); declared are: ${Object.keys(parameters).join(', ') || 'none'}.`,
    details: { name },
  });
}
