import type { Augmentation } from '../augment/augmentation.ts';
import { oneOf } from '../augment/augmentation.ts';
import { cropBorder, padTo, randomCrop, randomResizedCrop, randomSizeCrop, resizeCenter } from '../augment/crop.ts';
import { randomFlip } from '../augment/flip.ts';
import { gammaBrightnessColor, photometricJitter } from '../augment/photometric.ts';
import { poseCrop } from '../augment/pose-crop.ts';
import { resizeShortSide } from '../augment/resize.ts';
import { randomRotation } from '../augment/rotate.ts';
import type { Size } from '../sample/sample.ts';

type Pipeline = readonly Augmentation[];

const poseSize: Size = [256, 192];
const pretrainSize: Size = [224, 224];

const detrSizes = [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800];

/** DETR (Carion et al. 2020), COCO. */
export const detr: { readonly train: () => Pipeline; readonly test: () => Pipeline } = {
  train: () => [
    randomFlip(),
    oneOf(
      [resizeShortSide({ sizes: detrSizes, max: 1333, rounding: 'floor' })],
      [
        resizeShortSide({ sizes: [400, 500, 600], rounding: 'floor' }),
        randomSizeCrop(384, 600),
        resizeShortSide({ sizes: detrSizes, max: 1333, rounding: 'floor' }),
      ],
    ),
  ],
  test: () => [resizeShortSide({ sizes: [800], max: 1333, rounding: 'floor' })],
};

export interface Mask2FormerPresetOptions {
  /** 512 (semantic, small backbones) or 640 (semantic with Swin-B/L; instance and panoptic). Default 512. */
  readonly crop?: number;
}

/** Mask2Former (Cheng et al. 2022), ADE20K. Short side 0.5 to 2 times the crop in steps of 0.1, at most 4 crops long. */
export const mask2FormerAde20k: {
  readonly train: (options?: Mask2FormerPresetOptions) => Pipeline;
  readonly test: (options?: Mask2FormerPresetOptions) => Pipeline;
} = {
  train: ({ crop = 512 } = {}) => [
    resizeShortSide({ sizes: Array.from({ length: 16 }, (_, i) => Math.trunc(((i + 5) / 10) * crop)), max: 4 * crop }),
    randomCrop([crop, crop]),
    photometricJitter(),
    randomFlip(),
    padTo([crop, crop], [128, 128, 128]),
  ],
  test: ({ crop = 512 } = {}) => [resizeShortSide({ sizes: [crop], max: 4 * crop })],
};

export interface NyuDepthPresetOptions {
  /** 1 as AdaBins, 0.5 as BinsFormer. Default 0.5. */
  readonly rotation?: number;
}

/** AdaBins (Bhat et al. 2021) and BinsFormer (Li et al. 2022), NYU Depth v2 at 480 x 640. */
export const nyuDepth: {
  readonly train: (options?: NyuDepthPresetOptions) => Pipeline;
  readonly test: () => Pipeline;
} = {
  train: ({ rotation = 0.5 } = {}) => [
    cropBorder({ top: 45, bottom: 8, left: 43, right: 32 }, [480, 640]),
    randomRotation({ degrees: 2.5, probability: rotation, fill: [0, 0, 0] }),
    randomCrop([416, 544]),
    randomFlip(),
    gammaBrightnessColor(),
  ],
  test: () => [],
};

/** COCO's nose to wrists. */
export const cocoUpperBody: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

export interface VitPosePresetOptions {
  /** Default [256, 192]. */
  readonly size?: Size;
  /** Joints of the upper half of the body. Default COCO's. */
  readonly upperBody?: readonly number[];
}

/** ViTPose (Xu et al. 2022), COCO keypoints, top-down. Records must show one object each: `onePerObject`. */
export const vitPose: {
  readonly train: (options?: VitPosePresetOptions) => Pipeline;
  readonly test: (options?: VitPosePresetOptions) => Pipeline;
} = {
  train: ({ size = poseSize, upperBody = cocoUpperBody } = {}) => [
    poseCrop({
      size,
      chance: {
        shift: { probability: 0.3, amount: 0.4 },
        flip: 0.5,
        halfBody: { probability: 0.3, moreThan: 8, padding: 1.5, upper: upperBody },
        scale: 0.5,
        rotation: { probability: 0.6, degrees: 40 },
      },
    }),
  ],
  test: ({ size = poseSize } = {}) => [poseCrop({ size })],
};

export interface PretrainPresetOptions {
  /** Default [224, 224]. */
  readonly size?: Size;
}

/** MAE (He et al. 2022): resized crop of 20 to 100 % of the area, bicubic, and mirroring. */
export const maePretrain: {
  readonly train: (options?: PretrainPresetOptions) => Pipeline;
  readonly test: (options?: PretrainPresetOptions) => Pipeline;
} = {
  train: ({ size = pretrainSize } = {}) => [randomResizedCrop({ size, scale: [0.2, 1] }), randomFlip()],
  test: ({ size = pretrainSize } = {}) => [resizeCenter(size)],
};
