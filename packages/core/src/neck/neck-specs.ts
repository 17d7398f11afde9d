import { linearSpecs, type ParameterSpecs } from '@glid/head-kit';
import { type SwinConfig, stageChannels } from '../encoder/swin-config.ts';
import { normSpecs } from '../parameters/layers.ts';
import { fusionNodes } from './fusion-nodes.ts';
import type { NeckConfig } from './neck-config.ts';

/** Parameters of one cell whose inputs have `channels`, without prefix. A node projects those inputs that are not `width` wide. */
export function cellSpecs(channels: readonly number[], width: number): ParameterSpecs {
  const specs: Record<string, ParameterSpecs[string]> = {};
  for (const { name, inputs } of fusionNodes(channels.length)) {
    for (const input of inputs) {
      const wide = channels[input] ?? width;
      if (wide === width) continue;
      Object.assign(
        specs,
        linearSpecs(`${name}.inputs.${input}.projection`, wide, width),
        normSpecs(`${name}.inputs.${input}.norm`, width),
      );
    }
    specs[`${name}.weights`] = { shape: [inputs.length], init: { kind: 'constant', value: 1 }, decay: false };
    specs[`${name}.depthwise.kernel`] = { shape: [3, 3, width, 1], init: { kind: 'heNormal' } };
    Object.assign(specs, linearSpecs(`${name}.pointwise`, width, width), normSpecs(`${name}.norm`, width));
  }
  return specs;
}

/** Every parameter of the neck, named `neck.*`. */
export function neckSpecs(config: NeckConfig, encoder: SwinConfig): ParameterSpecs {
  const { width, pixelsFrom } = config;
  const specs: Record<string, ParameterSpecs[string]> = {};
  for (let cell = 0; cell < config.cells; cell++) {
    const channels = [0, 1, 2, 3].map((stage) => (cell === 0 ? stageChannels(encoder, stage) : width));
    for (const [name, spec] of Object.entries(cellSpecs(channels, width))) specs[`neck.cells.${cell}.${name}`] = spec;
  }
  const source = pixelsFrom === 'neck' ? width : stageChannels(encoder, 0);
  return { ...specs, ...linearSpecs('neck.pixels', source, width) };
}
