import type { ModelConfig } from '../src/model/model-config.ts';

/** The smallest model with all its parts: tests on the CPU backend take tenths of a second. */
export const microConfig: ModelConfig = {
  encoder: {
    embed: 8,
    depths: [2, 1, 1, 1],
    heads: [1, 2, 2, 2],
    window: 4,
    mlpRatio: 2,
    dropPath: 0,
    semantics: 'detection',
  },
  neck: { width: 16, cells: 1, groups: 4, pixelsFrom: 'neck' },
  decoder: { layers: 3, heads: 2, ffn: 24 },
};
