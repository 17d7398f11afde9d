import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { lazyList } from '../lazy-list.ts';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parametersUnder } from '../parameters/records.ts';
import type { DecoderConfig } from './decoder-config.ts';
import {
  crossAttend,
  crossAttentionWeights,
  feedForward,
  type Memory,
  projectMemories,
  selfAttend,
} from './decoder-layer.ts';
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
  /** The queries after each layer, through the shared last norm, each `[B, Q, C]`. Normed when first looked at, in the scope of that moment. */
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
  const outputs: Tensor3D[] = [];
  const maps: Tensor4D[] = [];
  let x = content;
  const layers = Array.from({ length: config.layers }, (_, layer) => ({
    parameters: parametersUnder(parameters, `decoder.layers.${layer}.`, names),
    memory: memory[layer % memory.length]!,
  }));
  const projected = projectMemories(layers);
  for (const [layer, { parameters: own, memory: seen }] of layers.entries()) {
    if (attention) maps.push(crossAttentionWeights(own, heads, x, position, seen));
    x = crossAttend(own, heads, x, position, seen, projected[layer]!);
    x = selfAttend(own, heads, x, position, blockMask);
    x = feedForward(own, x);
    outputs.push(x);
  }
  const queries = lazyList(outputs.length, (i) => applyLayerNorm(parameters, 'decoder.norm', outputs[i]!));
  return { queries, attention: maps };
}
