import { linearSpecs, type ParameterSpecs } from '@glid/head-kit';
import type { ModelConfig } from '../model/model-config.ts';
import { smallNormal } from '../parameters/layers.ts';
import type { PretrainConfig } from './pretrain-config.ts';

/** What pre-training adds to the model: the mask query, the linear pixel head, and with `maskToken` the token for hidden patches. */
export function pretrainSpecs(config: PretrainConfig, model: ModelConfig): ParameterSpecs {
  const { width } = model.neck;
  const token = { 'pretrain.patchToken': { shape: [model.encoder.embed], init: smallNormal, decay: false } };
  return {
    'queries.maskToken': { shape: [width], init: smallNormal, decay: false },
    ...linearSpecs('pretrain.pixels', width, config.unit ** 2 * 3),
    ...(config.encoderInput === 'maskToken' ? token : {}),
  };
}
