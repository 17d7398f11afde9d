import { applyLinear } from '@glid/head-kit';
import { squaresNorm } from '@glid/ops';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';

/** The layer between stages: norm over `4C`, then a reduction to `2C` without bias. `[..., 4C]` -> `[..., 2C]`. */
export function mergePatches<T extends Tensor>(parameters: ParameterRecord, stage: number, squares: T): T {
  const name = `encoder.stages.${stage}.merge`;
  return applyLinear(parameters, `${name}.reduction`, applyLayerNorm(parameters, `${name}.norm`, squares)) as T;
}

/** The same of a whole map, `[B, H, W, C]` -> `[B, ceil(H/2), ceil(W/2), 2C]`. */
export function mergeMap(parameters: ParameterRecord, stage: number, map: Tensor4D): Tensor4D {
  const name = `encoder.stages.${stage}.merge`;
  const [gamma, beta] = ['gamma', 'beta'].map((part) => parameter(parameters, `${name}.norm.${part}`)) as [
    Tensor1D,
    Tensor1D,
  ];
  return applyLinear(parameters, `${name}.reduction`, squaresNorm(map, gamma, beta)) as Tensor4D;
}
