import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parametersUnder } from '../parameters/records.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { crossAttend, crossAttentionWeights, feedForward, type Memory, selfAttend } from './decoder-layer.ts';
import { decoderLayerSpecs } from './decoder-specs.ts';

/** Queries as they enter the decoder. */
export interface Queries {
  /** `[B, Q, C]` */
  readonly content: Tensor3D;
  /** Added to the queries (and, among themselves, keys) of every attention, `[B, Q, C]` or `[1, Q, C]`. */
  readonly position: Tensor3D;
}

export interface DecodeOptions {
  /** `[Q, Q]`, 1 = this query may look at that one. */
  readonly blockMask?: Tensor2D | undefined;
  /** Also return the cross-attention maps. */
  readonly attention?: boolean | undefined;
}

export interface Decoded {
  /** The queries after each layer, through the shared last norm, each `[B, Q, C]`. */
  readonly queries: readonly Tensor3D[];
  /** For each layer the weights `[B, heads, Q, S]`, S = cells of the map it looked at; empty unless asked for. */
  readonly attention: readonly Tensor4D[];
}

/**
 * The query decoder: in every layer cross-attention, self-attention, feed-forward, post-norm (GLID section 3; Mask2Former's
 * order). Layer i looks at memory i mod 3.
 */
export function decode(
  parameters: ParameterRecord,
  config: DecoderConfig,
  { content, position }: Queries,
  memory: readonly Memory[],
  { blockMask, attention = false }: DecodeOptions = {},
): Decoded {
  const { heads } = config;
  const names = Object.keys(decoderLayerSpecs(config, content.shape[2]));
  const queries: Tensor3D[] = [];
  const maps: Tensor4D[] = [];
  let x = content;
  for (let layer = 0; layer < config.layers; layer++) {
    const own = parametersUnder(parameters, `decoder.layers.${layer}.`, names);
    const seen = memory[layer % memory.length]!;
    if (attention) maps.push(crossAttentionWeights(own, heads, x, position, seen));
    x = crossAttend(own, heads, x, position, seen);
    x = selfAttend(own, heads, x, position, blockMask);
    x = feedForward(own, x);
    queries.push(applyLayerNorm(parameters, 'decoder.norm', x));
  }
  return { queries, attention: maps };
}
