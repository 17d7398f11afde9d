export type { Decoded, DecodeOptions, Queries } from './decode.ts';
export { decode } from './decode.ts';
export type { DecoderConfig } from './decoder-config.ts';
export { checkDecoderConfig, decoderStrides } from './decoder-config.ts';
export type { Memory } from './decoder-layer.ts';
export { crossAttend, crossAttentionWeights, feedForward, selfAttend } from './decoder-layer.ts';
export { decoderLayerSpecs, decoderSpecs } from './decoder-specs.ts';
export { memories } from './memories.ts';
