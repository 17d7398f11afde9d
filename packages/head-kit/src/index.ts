export * from '@glid/base';
export * from './config/index.ts';
export * from './define/index.ts';
export * from './heatmaps/index.ts';
export * from './losses/index.ts';
export * from './matching/index.ts';
export * from './parameters/index.ts';
export * from './spec/index.ts';
