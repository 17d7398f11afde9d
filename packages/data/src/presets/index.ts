export type {
  Mask2FormerPresetOptions,
  NyuDepthPresetOptions,
  PretrainPresetOptions,
  VitPosePresetOptions,
} from './published.ts';
export { cocoUpperBody, detr, maePretrain, mask2FormerAde20k, nyuDepth, vitPose } from './published.ts';
export type { SmallPresetOptions } from './small.ts';
export { small } from './small.ts';
