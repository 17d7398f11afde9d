import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';

/** What data-parallel training asks of a communication library. Every rank makes the same calls in the same order. */
export interface Collectives {
  readonly rank: number;
  readonly size: number;
  /** Replaces `values`, on every rank, by the sum over the ranks. */
  allReduceSum(values: Float32Array): Promise<void> | void;
  /** Replaces `values` on every rank by those of rank `root`. */
  broadcast(values: Float32Array, root?: number): Promise<void> | void;
  barrier(): Promise<void> | void;
  /**
   * The same for tensors, in the memory of the active backend's device, where the library can (NCCL). The results are new float32 tensors
   * of the backend that the engine does not know yet. Nothing is read back.
   */
  readonly onDevice?: {
    allReduceSum(tensor: Tensor): TensorInfo;
    broadcast(tensor: Tensor, root?: number): TensorInfo;
  };
}

/** One process: nothing to exchange. */
export const alone: Collectives = {
  rank: 0,
  size: 1,
  allReduceSum() {},
  broadcast() {},
  barrier() {},
};

/** Mean of a number over the ranks. */
export async function meanOverRanks(collectives: Collectives, value: number): Promise<number> {
  if (collectives.size === 1) return value;
  const cell = Float32Array.of(value);
  await collectives.allReduceSum(cell);
  return cell[0]! / collectives.size;
}
