import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf, stridesOf } from '../shape.ts';
import { collapse, offsetCode, offsetValues } from './broadcast.ts';
import { bytesOf, storageType } from './types.ts';

/** A walk through a tensor's elements: one stride an axis of the copy, negative or 0 too. */
export interface Walk {
  readonly tensor: TensorInfo;
  readonly strides: readonly number[];
  /** First element. */
  readonly start?: number;
}

/** Copies `dims` elements from one walk to another: transposes, slices, concatenations, tiles, pads and reversals are this. */
export function stridedCopy(backend: CudaBackend, dims: readonly number[], from: Walk, to: Walk): void {
  const n = sizeOf(dims);
  if (n === 0) return;
  const { dtype } = from.tensor;
  const collapsed = collapse(dims, [from.strides, to.strides]);
  const rank = collapsed.dims.length;
  const [source, target] = [from.start ?? 0, to.start ?? 0];
  const addresses = [backend.pointer(from.tensor), backend.pointer(to.tensor)] as const;
  if (rank === 0 || (rank === 1 && collapsed.strides.every(([stride]) => stride === 1))) {
    const bytes = bytesOf(dtype);
    backend.device.copy(addresses[1] + target * bytes, addresses[0] + source * bytes, n * bytes);
    return;
  }
  const type = storageType(dtype);
  const { parameters, code } = offsetCode(rank, ['x', 'y']);
  const program = pointwise(
    `copy ${type}, rank ${rank}`,
    `const ${type}* xs, ${type}* ys, int x0, int y0${parameters}`,
    `${code}\n    ys[y0 + at_y] = xs[x0 + at_x];`,
  );
  backend.run(program, n, [...addresses, source, target, ...offsetValues(collapsed)]);
}

export function transposed(backend: CudaBackend, x: TensorInfo, permutation: readonly number[]): TensorInfo {
  const strides = stridesOf(x.shape);
  const shape = permutation.map((axis) => x.shape[axis]!);
  const y = backend.output(shape, x.dtype);
  const walk = { tensor: x, strides: permutation.map((axis) => strides[axis]!) };
  stridedCopy(backend, shape, walk, { tensor: y, strides: stridesOf(shape) });
  return y;
}
