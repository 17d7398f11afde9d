import type { Random } from '@glid/base';
import { drawKeepMask } from '@glid/ops';
import { layerCount } from './layer-id.ts';
import type { SwinConfig } from './swin-config.ts';

/** What becomes of one block's two branches: 1 keeps a picture's branch, 0 drops it. */
export interface BlockDrop {
  readonly keepProbability: number;
  readonly attention: Float32Array;
  readonly mlp: Float32Array;
}

/**
 * Draws stochastic depth (Huang et al. 2016) for one step, block by block: the rate of block i of n is `dropPath * i / (n - 1)`.
 * Drawn outside the forward pass, so that a block computed twice drops the same branches.
 */
export function drawDropPath(config: SwinConfig, batch: number, random: Random): readonly BlockDrop[] {
  const blocks = layerCount(config);
  return Array.from({ length: blocks }, (_, block) => {
    const keepProbability = 1 - (config.dropPath * block) / Math.max(1, blocks - 1);
    const draw = (): Float32Array => drawKeepMask(random, batch, keepProbability);
    return { keepProbability, attention: draw(), mlp: draw() };
  });
}
