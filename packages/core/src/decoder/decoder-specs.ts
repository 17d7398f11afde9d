import { linearSpecs, type ParameterSpecs } from '@glid/head-kit';
import { normSpecs, smallNormal } from '../parameters/layers.ts';
import { prefixed } from '../parameters/records.ts';
import { type DecoderConfig, decoderStrides } from './decoder-config.ts';

/** The parameters of one decoder layer, without the prefix `decoder.layers.<i>.`. */
export function decoderLayerSpecs(config: DecoderConfig, width: number): ParameterSpecs {
  const attention = (name: string): ParameterSpecs => ({
    ...linearSpecs(`${name}.query`, width, width),
    ...linearSpecs(`${name}.key`, width, width),
    ...linearSpecs(`${name}.value`, width, width),
    ...linearSpecs(`${name}.output`, width, width),
    ...normSpecs(`${name}.norm`, width),
  });
  return {
    ...attention('crossAttention'),
    ...attention('selfAttention'),
    ...linearSpecs('feedForward.fc1', width, config.ffn),
    ...linearSpecs('feedForward.fc2', config.ffn, width),
    ...normSpecs('feedForward.norm', width),
  };
}

/** Every parameter of the decoder, named `decoder.*`. */
export function decoderSpecs(config: DecoderConfig, width: number): ParameterSpecs {
  const layer = decoderLayerSpecs(config, width);
  const layers = Array.from({ length: config.layers }, (_, i) => prefixed(`decoder.layers.${i}.`, layer));
  return {
    'decoder.levelEmbedding': { shape: [decoderStrides.length, width], init: smallNormal, decay: false },
    ...Object.assign({}, ...layers),
    ...normSpecs('decoder.norm', width),
  };
}
