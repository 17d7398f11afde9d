import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/**
 * The members of the stock backend (4.22.0 exactly) that a launch shares with it, so that our commands and the stock kernels' stand
 * in one queue, in order: the open command encoder and pass, the list of tensors in use by unsubmitted commands, and the pool.
 */
export interface StockInternals {
  readonly device: GPUDevice;
  readonly tensorMap: {
    get(dataId: object): { readonly shape: readonly number[]; values: unknown; resource?: GPUBuffer | null };
  };
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number): GPUBuffer;
    releaseBuffer(buffer: GPUBuffer, reuse: boolean): void;
    readonly numBytesUsed: number;
  };
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly uniformPendingDisposal: GPUBuffer[];
  uploadToGPU(dataId: object): void;
  getBufferData(buffer: GPUBuffer): Promise<ArrayBuffer>;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** TypeScript hides these members; the exact version is pinned. */
export function internalsOf(backend: WebGPUBackend): StockInternals {
  return backend as unknown as StockInternals;
}
