export { exitCodes, main } from './main.ts';
export type { Output, Streams } from './output.ts';
