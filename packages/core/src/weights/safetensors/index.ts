export type { SafetensorsType } from './data-types.ts';
export type { NonFinitePolicy } from './decode.ts';
export type { TensorEntry } from './header.ts';
export type { ReadSafetensorsOptions, SafetensorsFile, TensorFile } from './read.ts';
export { readSafetensors } from './read.ts';
export type { FloatStorage, WriteSafetensorsOptions } from './write.ts';
export { writeSafetensors } from './write.ts';
