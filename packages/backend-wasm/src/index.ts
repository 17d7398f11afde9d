export type { WasmBackend, WasmCandidate, WasmOptions } from './wasm.ts';
export { wasm } from './wasm.ts';
