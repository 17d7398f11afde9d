export type { WebGpuOptions } from './webgpu.ts';
export { webgpu } from './webgpu.ts';
