import type { AnyHead, HeadInputs, RawOutputs } from '@glid/head-kit';
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { type Decoded, decode } from '../decoder/decode.ts';
import type { Memory } from '../decoder/decoder-layer.ts';
import { memories } from '../decoder/memories.ts';
import { type EncodeOptions, encode } from '../encoder/encode.ts';
import { maskTensor, paddedSizes, rectangleMask, tokenSizes } from '../encoder/validity.ts';
import type { Size } from '../encoder/window-geometry.ts';
import { lazyList } from '../lazy-list.ts';
import { neck, pixelMap } from '../neck/bi-fpn.ts';
import { type ParameterRecord, parametersUnder } from '../parameters/records.ts';
import { headQueries } from '../queries/head-queries.ts';
import { packQueries } from '../queries/packed-queries.ts';
import type { ModelConfig } from './model-config.ts';

/** What one pass of encoder and neck gives to any number of heads. */
export interface Features {
  /** The 1/4 map f^b, `[B, ceil(H/4), ceil(W/4), C]`, zero outside pictures. */
  readonly pixels: Tensor4D;
  /** 1 where `pixels` shows a picture; null when nothing is padded. */
  readonly pixelMask: Tensor3D | null;
  /** What decoder layers attend to, 1/32 first. */
  readonly memory: readonly Memory[];
  readonly batch: number;
  readonly inputSize: Size;
}

export type FeatureOptions = Omit<EncodeOptions, 'visible'>;

/**
 * Encoder and neck. `images [B, H, W, 3]`, normalised, zero outside `sizes`. Call it inside `tidy` or a gradient: its tensors belong
 * to the scope.
 */
export function forwardFeatures(
  parameters: ParameterRecord,
  config: ModelConfig,
  images: Tensor4D,
  options: FeatureOptions = {},
): Features {
  const [batch, height, width] = images.shape;
  const sizes = paddedSizes(options.sizes, images.shape);
  const maps = encode(parameters, config.encoder, images, { ...options, sizes });
  const levels = neck(parameters, config.neck, maps, sizes);
  const pixels = pixelMap(parameters, config.neck, maps, levels, sizes);
  const grid: Size = [pixels.shape[1], pixels.shape[2]];
  return {
    pixels,
    pixelMask: sizes && maskTensor(rectangleMask(tokenSizes(sizes, 4), grid)),
    memory: memories(parameters, levels, sizes),
    batch,
    inputSize: [height, width],
  };
}

export interface HeadOptions {
  readonly training?: boolean;
}

/** Decodes one head's queries and asks the head: its raw outputs, batch first. Belongs to the scope, as `forwardFeatures`. */
export function forwardHead(
  parameters: ParameterRecord,
  config: ModelConfig,
  key: string,
  head: AnyHead,
  features: Features,
  options: HeadOptions = {},
): RawOutputs {
  const { queries } = decodeHead(parameters, config, key, head, features);
  return ask(parameters, key, head, features, queries, options);
}

/** The queries of one head after the decoder; with `attention`, also the maps of what they looked at. */
export function decodeHead(
  parameters: ParameterRecord,
  config: ModelConfig,
  key: string,
  head: AnyHead,
  features: Features,
  attention = false,
): Decoded {
  const queries = headQueries(parameters, key, head.queries, features.batch);
  return decode(parameters, config.decoder, queries, features.memory, { attention });
}

/**
 * Several heads on one pass of features. `packed` decodes all queries as one sequence in which heads do not see one another: the
 * numbers of `sequential`, in fewer launches.
 */
export function forwardHeads(
  parameters: ParameterRecord,
  config: ModelConfig,
  heads: { readonly [key: string]: AnyHead },
  features: Features,
  decoding: 'sequential' | 'packed' = 'packed',
  options: HeadOptions = {},
): { readonly [key: string]: RawOutputs } {
  const entries = Object.entries(heads);
  if (decoding === 'sequential' || entries.length < 2) {
    const raw = entries.map(([key, head]) => [key, forwardHead(parameters, config, key, head, features, options)]);
    return Object.fromEntries(raw);
  }
  const packed = packQueries(entries.map(([key, head]) => headQueries(parameters, key, head.queries, features.batch)));
  const { blockMask } = packed;
  const { queries } = decode(parameters, config.decoder, packed.queries, features.memory, { blockMask });
  const raw = entries.map(([key, head], i) => {
    const own = lazyList(queries.length, (layer) => packed.unpack(queries[layer]!, i));
    return [key, ask(parameters, key, head, features, own, options)];
  });
  return Object.fromEntries(raw);
}

function ask(
  parameters: ParameterRecord,
  key: string,
  head: AnyHead,
  { pixels, pixelMask, inputSize }: Features,
  queries: readonly Tensor3D[],
  { training = false }: HeadOptions,
): RawOutputs {
  const own = parametersUnder(parameters, `heads.${key}.`, Object.keys(head.parameters));
  const inputs: HeadInputs = { queries, pixels, pixelMask, inputSize, training };
  return head.doForward(own, inputs);
}
