export { buildSimulator } from './build-simulator.ts';
export { findCompiler } from './find-compiler.ts';
