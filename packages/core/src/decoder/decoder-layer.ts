import { applyLinear } from '@glid/head-kit';
import { attention, attentionWeights } from '@glid/ops';
import { add, type Tensor2D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import type { ParameterRecord } from '../parameters/records.ts';

/** One map that queries look at, as a sequence. */
export interface Memory {
  /** `[B, S, C]` */
  readonly values: Tensor3D;
  /** Values plus their position code, `[B, S, C]`. */
  readonly keys: Tensor3D;
  /** 1 = may be attended, `[B, S]`. */
  readonly keyMask?: Tensor2D | undefined;
}

/**
 * Queries look at the picture. `x`, `position` `[B, Q, C]` (position may have batch 1) -> `[B, Q, C]`, post-norm:
 * `norm(x + attention(x + position, keys, values))`.
 */
export function crossAttend(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  memory: Memory,
): Tensor3D {
  const { q, k, options } = crossQueriesAndKeys(parameters, heads, x, position, memory);
  const v = applyLinear(parameters, 'crossAttention.value', memory.values) as Tensor3D;
  return attended(parameters, 'crossAttention', x, attention(q, k, v, options));
}

/** The weights that `crossAttend` uses, `[B, heads, Q, S]`: S positions of one scale, row-major. For figures; no gradient. */
export function crossAttentionWeights(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  memory: Memory,
): Tensor4D {
  const { q, k, options } = crossQueriesAndKeys(parameters, heads, x, position, memory);
  return attentionWeights(q, k, options);
}

/** Queries look at one another; `blockMask [Q, Q]` keeps those of different heads apart. */
export function selfAttend(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  blockMask?: Tensor2D,
): Tensor3D {
  const placed = add(x, position) as Tensor3D;
  const q = applyLinear(parameters, 'selfAttention.query', placed) as Tensor3D;
  const k = applyLinear(parameters, 'selfAttention.key', placed) as Tensor3D;
  const v = applyLinear(parameters, 'selfAttention.value', x) as Tensor3D;
  return attended(parameters, 'selfAttention', x, attention(q, k, v, blockMask ? { heads, blockMask } : { heads }));
}

/** The feed-forward part of a decoder layer, post-norm: `norm(x + fc2(relu(fc1(x))))`, `x [B, Q, C]`. */
export function feedForward(parameters: ParameterRecord, x: Tensor3D): Tensor3D {
  const hidden = applyLinear(parameters, 'feedForward.fc1', x, 'relu');
  const y = add(x, applyLinear(parameters, 'feedForward.fc2', hidden)) as Tensor3D;
  return applyLayerNorm(parameters, 'feedForward.norm', y);
}

function crossQueriesAndKeys(
  parameters: ParameterRecord,
  heads: number,
  x: Tensor3D,
  position: Tensor3D,
  { keys, keyMask }: Memory,
): { q: Tensor3D; k: Tensor3D; options: { heads: number; keyMask?: Tensor2D } } {
  return {
    q: applyLinear(parameters, 'crossAttention.query', add(x, position)) as Tensor3D,
    k: applyLinear(parameters, 'crossAttention.key', keys) as Tensor3D,
    options: keyMask ? { heads, keyMask } : { heads },
  };
}

function attended(parameters: ParameterRecord, name: string, x: Tensor3D, mixed: Tensor3D): Tensor3D {
  const y = add(x, applyLinear(parameters, `${name}.output`, mixed)) as Tensor3D;
  return applyLayerNorm(parameters, `${name}.norm`, y);
}
