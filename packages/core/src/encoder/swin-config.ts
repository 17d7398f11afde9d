import { GlidError } from '@glid/base';

/** One number for each of Swin's four stages. */
export type PerStage = readonly [number, number, number, number];

/** A Swin Transformer (Liu et al. 2021) as plain data. */
export interface SwinConfig {
  /** Channels of the first stage; each later stage has twice as many as the one before. */
  readonly embed: number;
  /** Blocks a stage. */
  readonly depths: PerStage;
  /** Attention heads a stage. */
  readonly heads: PerStage;
  /** Window side in tokens. */
  readonly window: number;
  /** Hidden width of the MLP over its input width. */
  readonly mlpRatio: number;
  /** Stochastic depth of the last block; the rate grows linearly from 0 at the first. */
  readonly dropPath: number;
  /**
   * What happens where the token grid is no multiple of the window. `detection` (mmdet, Mask2Former): the window stays,
   * the grid is padded after the first norm, then rolled. `classification` (Microsoft, timm): a window larger than the grid
   * shrinks to it, and is not shifted.
   */
  readonly semantics: 'detection' | 'classification';
}

/** Pixels a side of one patch of the first stage. */
export const patchSize = 4;

/** Pixels a side of one token, stage by stage. */
export const stageStrides: PerStage = [4, 8, 16, 32];

/** The published sizes, and `nano`, the size that trains on a CPU. */
export const swinPresets: { readonly [name in 'nano' | 'tiny' | 'small' | 'base' | 'large']: SwinConfig } = {
  nano: swin({ embed: 48, depths: [2, 2, 4, 2], heads: [2, 4, 8, 16], window: 8, dropPath: 0.1 }),
  tiny: swin({ embed: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24], window: 7, dropPath: 0.2 }),
  small: swin({ embed: 96, depths: [2, 2, 18, 2], heads: [3, 6, 12, 24], window: 7, dropPath: 0.3 }),
  base: swin({ embed: 128, depths: [2, 2, 18, 2], heads: [4, 8, 16, 32], window: 7, dropPath: 0.3 }),
  large: swin({ embed: 192, depths: [2, 2, 18, 2], heads: [6, 12, 24, 48], window: 7, dropPath: 0.3 }),
};

function swin(config: Omit<SwinConfig, 'mlpRatio' | 'semantics'>): SwinConfig {
  return { ...config, mlpRatio: 4, semantics: 'detection' };
}

/** Channels of a stage (0..3) of the encoder: `embed`, doubled from stage to stage. */
export function stageChannels(config: SwinConfig, stage: number): number {
  return config.embed * 2 ** stage;
}

/**
 * Refuses a Swin whose numbers do not fit together, such as channels that the heads do not divide.
 *
 * @throws GLID_CONFIG
 */
export function checkSwinConfig(config: SwinConfig): void {
  const fail = (what: string, fix: string): never => {
    throw new GlidError('GLID_CONFIG', what, { fix, details: { config } });
  };
  const positive = (n: number): boolean => Number.isInteger(n) && n > 0;
  if (!positive(config.embed) || !positive(config.window)) {
    fail('`embed` and `window` of a Swin must be positive integers.', 'Start from one of `swinPresets`.');
  }
  for (let stage = 0; stage < 4; stage++) {
    const [depth, heads] = [config.depths[stage]!, config.heads[stage]!];
    if (!positive(depth) || !positive(heads) || stageChannels(config, stage) % heads !== 0) {
      fail(
        `Stage ${stage} has ${depth} blocks and ${heads} heads for ${stageChannels(config, stage)} channels.`,
        'Give every stage at least one block and a number of heads that divides its channels.',
      );
    }
  }
  if (!(config.mlpRatio > 0) || !(config.dropPath >= 0 && config.dropPath < 1)) {
    fail('`mlpRatio` must be positive and `dropPath` in [0, 1).', 'Start from one of `swinPresets`.');
  }
}
