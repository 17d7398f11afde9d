export type { CudaCandidate, CudaGlidBackend, CudaMemory, CudaOptions } from './cuda.ts';
export { cuda } from './cuda.ts';
export type { Precision } from './runtime/matrix-product.ts';
