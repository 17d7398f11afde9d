import { constantTensor } from '@glid/ops';
import { concat, slice, type Tensor2D, type Tensor3D, tensor2d } from '@tensorflow/tfjs-core';
import type { Queries } from '../decoder/decode.ts';

/** Several heads' queries as one sequence. */
export interface PackedQueries {
  readonly queries: Queries;
  /** `[Q, Q]`: queries look at those of their own head only, so that packing changes no number. */
  readonly blockMask: Tensor2D;
  /** One head's part of `[B, Q, C]`. */
  unpack(decoded: Tensor3D, head: number): Tensor3D;
}

/** Puts the queries of several heads side by side. */
export function packQueries(parts: readonly Queries[]): PackedQueries {
  const counts = parts.map(({ content }) => content.shape[1]);
  const starts = counts.map((_, i) => counts.slice(0, i).reduce((a, b) => a + b, 0));
  return {
    queries: {
      content: concat(
        parts.map((part) => part.content),
        1,
      ),
      position: concat(
        parts.map((part) => part.position),
        1,
      ),
    },
    blockMask: constantTensor(`query-blocks ${counts.join(' ')}`, () => blockDiagonal(counts)),
    unpack: (decoded, head) => slice(decoded, [0, starts[head]!, 0], [-1, counts[head]!, -1]),
  };
}

function blockDiagonal(counts: readonly number[]): Tensor2D {
  const owner = counts.flatMap((count, head) => new Array<number>(count).fill(head));
  const values = Float32Array.from({ length: owner.length ** 2 }, (_, i) =>
    owner[Math.floor(i / owner.length)] === owner[i % owner.length] ? 1 : 0,
  );
  return tensor2d(values, [owner.length, owner.length]);
}
