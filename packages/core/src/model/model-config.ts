import { GlidError } from '@glid/base';
import { checkDecoderConfig, type DecoderConfig } from '../decoder/decoder-config.ts';
import { checkSwinConfig, type SwinConfig, swinPresets } from '../encoder/swin-config.ts';
import { checkNeckConfig, type NeckConfig } from '../neck/neck-config.ts';

/** Encoder, neck and decoder as plain JSON: what a checkpoint stores to build the model again. */
export interface ModelConfig {
  readonly encoder: SwinConfig;
  readonly neck: NeckConfig;
  readonly decoder: DecoderConfig;
}

const small: Omit<ModelConfig, 'encoder'> = {
  neck: { width: 128, cells: 2, groups: 16, pixelsFrom: 'neck' },
  decoder: { layers: 6, heads: 8, ffn: 512 },
};
const full: Omit<ModelConfig, 'encoder'> = {
  neck: { width: 256, cells: 3, groups: 32, pixelsFrom: 'neck' },
  decoder: { layers: 6, heads: 8, ffn: 2048 },
};

/** The sizes by name. `nano` trains on a CPU; the others are the published Swin sizes. */
export const modelPresets: { readonly [name in keyof typeof swinPresets]: ModelConfig } = {
  nano: { encoder: swinPresets.nano, ...small },
  tiny: { encoder: swinPresets.tiny, ...full },
  small: { encoder: swinPresets.small, ...full },
  base: { encoder: swinPresets.base, ...full },
  large: { encoder: swinPresets.large, ...full },
};

export type ModelPreset = keyof typeof modelPresets;

/** A preset's configuration, or the given one, checked. @throws GLID_CONFIG */
export function resolveModelConfig(backbone: ModelPreset | ModelConfig): ModelConfig {
  const config = typeof backbone === 'string' ? modelPresets[backbone] : backbone;
  if (config === undefined) {
    throw new GlidError('GLID_CONFIG', `There is no backbone called '${String(backbone)}'.`, {
      fix: `Use one of ${Object.keys(modelPresets).join(', ')}, or pass a configuration.`,
    });
  }
  if (!isComplete(config)) {
    throw new GlidError('GLID_CONFIG', 'This backbone is not described by `encoder`, `neck` and `decoder`.', {
      fix: `Start from one of \`modelPresets\`, or name a size: ${Object.keys(modelPresets).join(', ')}.`,
      details: { backbone: config },
    });
  }
  checkSwinConfig(config.encoder);
  checkNeckConfig(config.neck);
  checkDecoderConfig(config.decoder, config.neck.width);
  return config;
}

/** Whether a network is no wider than `nano`: meant for small pictures and few of them. */
export function isNano({ neck }: ModelConfig): boolean {
  return neck.width <= modelPresets.nano.neck.width;
}

/** Whether all parts are there, in something that may come from a file; their numbers are checked later. */
function isComplete(config: unknown): boolean {
  const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
    typeof value === 'object' && value !== null;
  if (!isObject(config) || !isObject(config.encoder)) return false;
  const { depths, heads } = config.encoder;
  return Array.isArray(depths) && Array.isArray(heads) && isObject(config.neck) && isObject(config.decoder);
}
