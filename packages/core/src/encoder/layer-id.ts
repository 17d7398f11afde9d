import type { SwinConfig } from './swin-config.ts';

/** The number of Swin blocks over all stages: the highest layer id inside the encoder, for layer-wise decay. */
export function layerCount(config: SwinConfig): number {
  return config.depths.reduce((sum, depth) => sum + depth, 0);
}

/**
 * The layer that a parameter belongs to, for layer-wise learning-rate decay (BEiT, SimMIM): 0 for the patch embedding,
 * 1..layerCount for the blocks in order, layerCount + 1 for all that follows the encoder. A merging layer and an output norm
 * count with the last block of their stage.
 */
export function layerIdOf(name: string, config: SwinConfig): number {
  if (name.startsWith('encoder.patchEmbed.')) return 0;
  const [, part, stageText, kind, blockText] = name.split('.');
  if (!name.startsWith('encoder.') || (part !== 'stages' && part !== 'outputNorms')) return layerCount(config) + 1;
  const stage = Number(stageText);
  const before = config.depths.slice(0, stage).reduce((sum, depth) => sum + depth, 0);
  return before + (kind === 'blocks' ? Number(blockText) + 1 : config.depths[stage as 0 | 1 | 2 | 3]);
}
