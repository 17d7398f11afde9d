import type { ModelConfig, ModelPreset } from '@glid/core';
import pretrainedNano from '@glid/weights-nano/model.safetensors?url';

/** The checkpoint to start with, on the page's own origin; null: a model that has learnt nothing. */
export const startingCheckpoint: { readonly address: string; readonly title: string } | null = {
  address: pretrainedNano,
  title: 'Nano, pre-trained',
};

/** The sizes of model that the page can make by itself. */
export const modelSizes: {
  readonly [name: string]: { readonly title: string; readonly backbone: ModelPreset | ModelConfig };
} = {
  nano: { title: 'Nano', backbone: 'nano' },
  micro: {
    title: 'Micro, smaller and faster',
    backbone: {
      encoder: {
        embed: 32,
        depths: [1, 1, 2, 1],
        heads: [1, 2, 4, 8],
        window: 8,
        mlpRatio: 4,
        dropPath: 0,
        semantics: 'detection',
      },
      neck: { width: 64, cells: 1, groups: 8, pixelsFrom: 'neck' },
      decoder: { layers: 3, heads: 4, ffn: 256 },
    },
  },
};

/** What the longest side of a picture is brought to. */
export const pictureSides: readonly number[] = [96, 128, 192, 256];

/** Where a newcomer begins. */
export const defaults = { size: 'nano', side: 128 } as const;
