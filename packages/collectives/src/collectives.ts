/** A tensor of TensorFlow.js as its backends know it. */
export interface DeviceTensor {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool' | 'complex64' | 'string';
}

/** What data-parallel training asks of a communication library; the shape that `@glid/core/train` takes. Every rank makes the same calls. */
export interface Collectives {
  readonly rank: number;
  readonly size: number;
  /** Replaces `values`, on every rank, by the sum over the ranks. */
  allReduceSum(values: Float32Array): Promise<void>;
  /** Replaces `values` on every rank by those of rank `root` (default 0). */
  broadcast(values: Float32Array, root?: number): Promise<void>;
  barrier(): Promise<void>;
  /** The same in the device's memory, where the library can: new float32 tensors; nothing is read back and nothing is waited for. */
  readonly onDevice?: {
    allReduceSum(tensor: DeviceTensor): DeviceTensor;
    broadcast(tensor: DeviceTensor, root?: number): DeviceTensor;
  };
}
