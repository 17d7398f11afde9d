export { forwardPretrain, pretrainLoss } from './forward-pretrain.ts';
export type { MaskDraw } from './mask-draw.ts';
export { drawMask } from './mask-draw.ts';
export { pixelTargets } from './pixel-targets.ts';
export type { PretrainConfig } from './pretrain-config.ts';
export { checkPretrainConfig, pretrainDefaults } from './pretrain-config.ts';
export { pretrainSpecs } from './pretrain-specs.ts';
