/** What data-parallel training asks of a communication library; the shape that `@glid/core/train` takes. Every rank makes the same calls. */
export interface Collectives {
  readonly rank: number;
  readonly size: number;
  /** Replaces `values`, on every rank, by the sum over the ranks. */
  allReduceSum(values: Float32Array): Promise<void>;
  /** Replaces `values` on every rank by those of rank `root` (default 0). */
  broadcast(values: Float32Array, root?: number): Promise<void>;
  barrier(): Promise<void>;
}
