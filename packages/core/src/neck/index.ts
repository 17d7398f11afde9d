export { fuseCell, neck, pixelMap } from './bi-fpn.ts';
export { fusionNodes } from './fusion-nodes.ts';
export type { NeckConfig } from './neck-config.ts';
export { checkNeckConfig } from './neck-config.ts';
export { cellSpecs, neckSpecs } from './neck-specs.ts';
