import type { AnyHead } from '@glid/head-kit';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { decoderStrides } from '../decoder/decoder-config.ts';
import type { Size } from '../encoder/window-geometry.ts';
import type { ParameterRecord } from '../parameters/records.ts';
import { decodeHead, type Features } from './forward.ts';
import type { ModelConfig } from './model-config.ts';

/** What the queries of one decoder layer look at. */
export interface AttentionMap {
  /** Row-major `[heads, queries, height, width]`; for each head and query the cells sum to 1. Padding included, with weight 0. */
  readonly data: Float32Array;
  readonly shape: readonly [heads: number, queries: number, height: number, width: number];
}

/** The cross-attention weights `[B, heads, Q, S]` of every decoder layer, and the grid that S unrolls. */
export function attentionMaps(
  parameters: ParameterRecord,
  config: ModelConfig,
  key: string,
  head: AnyHead,
  features: Features,
): { readonly weights: Tensor4D; readonly grid: Size }[] {
  const { attention } = decodeHead(parameters, config, key, head, features, true);
  return attention.map((weights, layer) => {
    const stride = decoderStrides[layer % decoderStrides.length]!;
    const [height, width] = features.inputSize;
    return { weights, grid: [Math.ceil(height / stride), Math.ceil(width / stride)] };
  });
}
