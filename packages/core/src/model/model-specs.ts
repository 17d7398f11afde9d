import type { AnyHead, ParameterSpecs } from '@glid/head-kit';
import { decoderSpecs } from '../decoder/decoder-specs.ts';
import { encoderSpecs } from '../encoder/swin-specs.ts';
import { neckSpecs } from '../neck/neck-specs.ts';
import { prefixed } from '../parameters/records.ts';
import { clsSpecs, headQuerySpecs } from '../queries/head-queries.ts';
import type { ModelConfig } from './model-config.ts';

/** What all tasks share: `encoder.*`, `neck.*`, `decoder.*`, `queries.cls`. */
export function coreSpecs(config: ModelConfig): ParameterSpecs {
  const { encoder, neck, decoder } = config;
  return {
    ...encoderSpecs(encoder),
    ...neckSpecs(neck, encoder),
    ...decoderSpecs(decoder, neck.width),
    ...clsSpecs(neck.width),
  };
}

/** What one head adds: `queries.<key>.embedding` and `heads.<key>.*`. */
export function headSpecs(key: string, head: AnyHead, width: number): ParameterSpecs {
  const own: ParameterSpecs = head.parameters;
  return { ...headQuerySpecs(key, head.queries, width), ...prefixed(`heads.${key}.`, own) };
}
