import { linearSpecs, type ParameterSpecs } from '@glid/head-kit';
import { normSpecs, smallNormal } from '../parameters/layers.ts';
import { prefixed } from '../parameters/records.ts';
import { patchSize, type SwinConfig, stageChannels } from './swin-config.ts';

const kernel = { kernel: smallNormal };

/** One block of a stage. The table of relative positions is `[(2 * window - 1)^2, heads]`. */
export function blockSpecs(config: SwinConfig, stage: number): ParameterSpecs {
  const channels = stageChannels(config, stage);
  const hidden = Math.round(channels * config.mlpRatio);
  const table = { shape: [(2 * config.window - 1) ** 2, config.heads[stage]!], init: smallNormal, decay: false };
  return {
    ...normSpecs('norm1', channels),
    ...linearSpecs('attention.qkv', channels, 3 * channels, kernel),
    'attention.relativePositionTable': table,
    ...linearSpecs('attention.projection', channels, channels, kernel),
    ...normSpecs('norm2', channels),
    ...linearSpecs('mlp.fc1', channels, hidden, kernel),
    ...linearSpecs('mlp.fc2', hidden, channels, kernel),
  };
}

/** Where the parameters of a Swin block live: `encoder.stages.<stage>.blocks.<block>.`. */
export function blockPrefix(stage: number, block: number): string {
  return `encoder.stages.${stage}.blocks.${block}.`;
}

/** Every parameter of the encoder, named `encoder.*`. */
export function encoderSpecs(config: SwinConfig): ParameterSpecs {
  const specs: Record<string, ParameterSpecs[string]> = {
    'encoder.patchEmbed.kernel': { shape: [patchSize, patchSize, 3, config.embed], init: smallNormal },
    'encoder.patchEmbed.bias': { shape: [config.embed], init: { kind: 'zeros' }, decay: false },
    ...normSpecs('encoder.patchEmbed.norm', config.embed),
  };
  for (let stage = 0; stage < 4; stage++) {
    const channels = stageChannels(config, stage);
    const block = blockSpecs(config, stage);
    for (let i = 0; i < config.depths[stage]!; i++) Object.assign(specs, prefixed(blockPrefix(stage, i), block));
    if (stage < 3) {
      const merge = `encoder.stages.${stage}.merge`;
      Object.assign(
        specs,
        normSpecs(`${merge}.norm`, 4 * channels),
        linearSpecs(`${merge}.reduction`, 4 * channels, 2 * channels, { ...kernel, bias: false }),
      );
    }
    Object.assign(specs, normSpecs(`encoder.outputNorms.${stage}`, channels));
  }
  return specs;
}
