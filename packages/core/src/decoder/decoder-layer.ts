import { applyLinear } from '@glid/head-kit';
import { attention, attentionWeights, linears } from '@glid/ops';
import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { addLinear, applyLayerNorm, linearLayer } from '../parameters/layers.ts';
import type { ParameterRecord } from '../parameters/records.ts';

/** One map that queries look at, as a sequence. */
export interface Memory {
  /** `[B, S, C]` */
  readonly values: Tensor3D;
  /** The code of their places, added to make keys, `[B, S, C]` or `[1, S, C]`. */
  readonly position: Tensor3D;
  /** 1 = may be attended, `[B, S]`. */
  readonly keyMask?: Tensor2D | undefined;
}

/**
 * Queries look at the picture. `x`, `position` `[B, Q, C]` (position may have batch 1) -> `[B, Q, C]`, post-norm:
 * `norm(x + attention(x + position, values + code, values))`.
 */
export function crossAttend(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  memory: Memory,
  projected: ProjectedMemory = projectMemories([{ parameters, memory }])[0]!,
): Tensor3D {
  const [q] = linears([linearLayer(parameters, 'crossAttention.query', x, position)]) as Tensor3D[];
  const mixed = attention(q!, projected.k, projected.v, maskOptions(heads, memory));
  return attended(parameters, 'crossAttention', x, mixed);
}

/** Keys and values of cross-attention, `[B, S, C]`. */
export interface ProjectedMemory {
  readonly k: Tensor3D;
  readonly v: Tensor3D;
}

/** What layers look at through their own eyes. It does not depend on the queries, so that all layers' can be computed together. */
export function projectMemories(
  layers: readonly { readonly parameters: ParameterRecord; readonly memory: Memory }[],
): ProjectedMemory[] {
  const both = linears(
    layers.flatMap(({ parameters, memory }) => [
      linearLayer(parameters, 'crossAttention.key', memory.values, memory.position),
      linearLayer(parameters, 'crossAttention.value', memory.values),
    ]),
  ) as Tensor3D[];
  return layers.map((_, i) => ({ k: both[2 * i]!, v: both[2 * i + 1]! }));
}

/** The weights that `crossAttend` uses, `[B, heads, Q, S]`: S positions of one scale, row-major. For figures; no gradient. */
export function crossAttentionWeights(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  memory: Memory,
): Tensor4D {
  const [q, k] = linears([
    linearLayer(parameters, 'crossAttention.query', x, position),
    linearLayer(parameters, 'crossAttention.key', memory.values, memory.position),
  ]) as Tensor3D[];
  return attentionWeights(q!, k!, maskOptions(heads, memory));
}

/** Queries look at one another; `blockMask [Q, Q]` keeps those of different heads apart. */
export function selfAttend(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  blockMask?: Tensor2D,
): Tensor3D {
  const [q, k, v] = linears([
    linearLayer(parameters, 'selfAttention.query', x, position),
    linearLayer(parameters, 'selfAttention.key', x, position),
    linearLayer(parameters, 'selfAttention.value', x),
  ]) as Tensor3D[];
  const mixed = attention(q!, k!, v!, blockMask ? { heads, blockMask } : { heads });
  return attended(parameters, 'selfAttention', x, mixed);
}

/** The feed-forward part of a decoder layer, post-norm: `norm(x + fc2(relu(fc1(x))))`, `x [B, Q, C]`. */
export function feedForward(parameters: ParameterRecord, x: Tensor3D): Tensor3D {
  const hidden = applyLinear(parameters, 'feedForward.fc1', x, 'relu');
  const y = addLinear(parameters, 'feedForward.fc2', hidden, x);
  return applyLayerNorm(parameters, 'feedForward.norm', y);
}

function maskOptions(heads: number, { keyMask }: Memory): { heads: number; keyMask?: Tensor2D } {
  return keyMask ? { heads, keyMask } : { heads };
}

function attended(parameters: ParameterRecord, name: string, x: Tensor3D, mixed: Tensor3D): Tensor3D {
  return applyLayerNorm(parameters, `${name}.norm`, addLinear(parameters, `${name}.output`, mixed, x));
}
