import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { type Program, program } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { blockReduce } from './block-reduce.ts';
import { cType } from './types.ts';

/** How values are combined. `a` and `b` in C. */
export interface Reduction {
  readonly name: string;
  readonly combine: string;
  /** The value of nothing, in C, for an accumulator of the given C type. */
  readonly empty: (type: string) => string;
  /** Multiplied with the result: 1 / count for means. */
  readonly scale?: (count: number) => number;
  readonly accumulator?: string;
  readonly dtype?: (x: DataType) => DataType;
}

/** Longer reductions are cut into pieces, so that a few long ones occupy the device too. */
const longest = 8192;

/** `x` seen as `[outer, count, inner]`, reduced over `count` to a tensor of `shape` (of `outer * inner` elements). */
export function reduceMiddle(
  backend: CudaBackend,
  reduction: Reduction,
  x: TensorInfo,
  [outer, count, inner]: readonly [number, number, number],
  shape: readonly number[],
): TensorInfo {
  const dtype = reduction.dtype?.(x.dtype) ?? x.dtype;
  const y = backend.output(shape, dtype);
  if (sizeOf(shape) === 0) return y;
  const pieces = Math.max(1, Math.ceil(count / longest));
  const scale = reduction.scale?.(count) ?? 1;
  if (pieces === 1) {
    reducePieces(backend, reduction, x, y, [outer, count, inner], 1, scale);
    return y;
  }
  const partial = backend.output([outer, pieces, inner], dtype);
  reducePieces(backend, reduction, x, partial, [outer, count, inner], pieces, 1);
  reducePieces(backend, reduction, partial, y, [outer, pieces, inner], 1, scale);
  backend.release(partial);
  return y;
}

function reducePieces(
  backend: CudaBackend,
  reduction: Reduction,
  x: TensorInfo,
  y: TensorInfo,
  [outer, count, inner]: readonly [number, number, number],
  pieces: number,
  scale: number,
): void {
  const [from, to] = [cType(x.dtype), cType(y.dtype)];
  const type = reduction.accumulator ?? (from === 'unsigned char' ? 'int' : from);
  const length = Math.ceil(count / pieces);
  const addresses = [backend.pointer(x), backend.pointer(y)];
  if (inner === 1) {
    const threads = length > 128 ? 256 : length > 32 ? 64 : 32;
    const geometry = { grid: [outer * pieces], block: [threads] } as const;
    backend.device.launch(rows(reduction, from, to, type), [...addresses, count, pieces, length, scale], geometry);
    return;
  }
  const tiles = Math.ceil(inner / 32);
  const geometry = { grid: [outer * pieces * tiles], block: [32, 8] } as const;
  const values = [...addresses, count, inner, pieces, length, tiles, scale];
  backend.device.launch(columns(reduction, from, to, type), values, geometry);
}

/** One block a piece of a row. */
function rows(reduction: Reduction, from: string, to: string, type: string): Program {
  return program(
    `reduce rows ${reduction.name} ${from} ${to}`,
    `const ${from}* xs, ${to}* ys, int count, int pieces, int length, float scale`,
    `  int row = blockIdx.x / pieces, first = (blockIdx.x % pieces) * length;
  int end = min(first + length, count);
  const ${from}* x = xs + (size_t)row * count;
  ${type} a = ${reduction.empty(type)};
  for (int i = first + threadIdx.x; i < end; i += blockDim.x) a = join(a, (${type})x[i]);
  a = joinBlock(a);
  if (threadIdx.x == 0) ys[blockIdx.x] = ${result(reduction, to)};`,
    blockReduce('join', type, reduction.combine),
  );
}

/** One block a piece of 32 columns; its 8 rows of threads take turns along the column. */
function columns(reduction: Reduction, from: string, to: string, type: string): Program {
  return program(
    `reduce columns ${reduction.name} ${from} ${to}`,
    `const ${from}* xs, ${to}* ys, int count, int inner, int pieces, int length, int tiles, float scale`,
    `  __shared__ ${type} parts[8][33];
  int tile = blockIdx.x % tiles, row = blockIdx.x / tiles;
  int column = tile * 32 + threadIdx.x, first = (row % pieces) * length, end = min(first + length, count);
  const ${from}* x = xs + (size_t)(row / pieces) * count * inner + column;
  ${type} a = ${reduction.empty(type)};
  if (column < inner) {
    for (int r = first + threadIdx.y; r < end; r += 8) a = join(a, (${type})x[(size_t)r * inner]);
  }
  parts[threadIdx.y][threadIdx.x] = a;
  __syncthreads();
  if (threadIdx.y == 0 && column < inner) {
    for (int k = 1; k < 8; k++) a = join(a, parts[k][threadIdx.x]);
    ys[(size_t)row * inner + column] = ${result(reduction, to)};
  }`,
    `static __device__ __forceinline__ ${type} join(${type} a, ${type} b) { return ${reduction.combine}; }`,
  );
}

function result(reduction: Reduction, to: string): string {
  return reduction.scale === undefined ? `(${to})a` : `(${to})(a * scale)`;
}
