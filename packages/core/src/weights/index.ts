export * from './checkpoint/index.ts';
export * from './partial/index.ts';
export * from './safetensors/index.ts';
export * from './source/index.ts';
export * from './swin/index.ts';
