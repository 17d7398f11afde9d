import type { Augmentation } from '../augment/augmentation.ts';
import { randomResizedCrop, resizeCenter } from '../augment/crop.ts';
import { randomFlip } from '../augment/flip.ts';
import { gammaBrightnessColor, photometricJitter } from '../augment/photometric.ts';
import { poseCrop } from '../augment/pose-crop.ts';
import { resizeTo } from '../augment/resize.ts';
import { randomRotation } from '../augment/rotate.ts';
import type { Size } from '../sample/sample.ts';

type Pipeline = readonly Augmentation[];

const square: Size = [128, 128];
const upright: Size = [128, 96];

export interface SmallPresetOptions {
  /** Default [128, 128]; [128, 96] for poses. */
  readonly size?: Size;
}

interface SmallPreset {
  readonly train: (options?: SmallPresetOptions) => Pipeline;
  readonly test: (options?: SmallPresetOptions) => Pipeline;
}

/**
 * Pipelines for a nano-sized model on few, small pictures (128 to 160 px): the whole picture at one fixed size, so that
 * batches need no padding, with mirroring and gentle colour changes. Our own choice, not published ones.
 */
export const small: {
  readonly pretrain: SmallPreset;
  readonly detection: SmallPreset;
  readonly segmentation: SmallPreset;
  readonly depth: SmallPreset;
  readonly pose: SmallPreset;
} = {
  pretrain: {
    train: ({ size = square } = {}) => [randomResizedCrop({ size, scale: [0.5, 1] }), randomFlip()],
    test: ({ size = square } = {}) => [resizeCenter(size)],
  },
  detection: wholePicture(),
  segmentation: wholePicture(),
  depth: {
    train: ({ size = square } = {}) => [
      resizeTo(size),
      randomRotation({ degrees: 2.5, probability: 0.5 }),
      randomFlip(),
      gammaBrightnessColor(),
    ],
    test: ({ size = square } = {}) => [resizeTo(size)],
  },
  pose: {
    // ViTPose's shifts, half bodies and wide turns cost a short run more than they teach it.
    train: ({ size = upright } = {}) => [
      poseCrop({ size, chance: { flip: 0.5, scale: 0.1, rotation: { probability: 0.3, degrees: 10 } } }),
    ],
    test: ({ size = upright } = {}) => [poseCrop({ size })],
  },
};

function wholePicture(): SmallPreset {
  const colors = photometricJitter({ brightness: 24, contrast: [0.8, 1.2], saturation: [0.8, 1.2], hue: 12 });
  return {
    train: ({ size = square } = {}) => [resizeTo(size), randomFlip(), colors],
    test: ({ size = square } = {}) => [resizeTo(size)],
  };
}
