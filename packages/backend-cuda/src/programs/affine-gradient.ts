import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { reduceMiddle } from '../codegen/reduce.ts';
import { sum } from '../kernels/reductions.ts';
import { program } from '../runtime/program.ts';

const rowsAtOnce = 1024;

// `statistics` holds mean and reciprocal deviation of (row / rows a group, column / columns a group).
const columns = program(
  'gradients of scale and shift',
  'const float* dys, const float* xs, const float* statistics, float* dgamma, float* dbeta, int rows, int count, int groupRows, int groupColumns, int tiles',
  `  __shared__ float scales[8][33], shifts[8][33];
  int column = blockIdx.x % tiles * 32 + threadIdx.x, piece = blockIdx.x / tiles;
  int end = min((piece + 1) * ${rowsAtOnce}, rows);
  float scale = 0.0f, shift = 0.0f;
  if (column < count) {
    for (int row = piece * ${rowsAtOnce} + threadIdx.y; row < end; row += 8) {
      size_t at = (size_t)row * count + column, group = (size_t)(row / groupRows) * (count / groupColumns) + column / groupColumns;
      scale += dys[at] * (xs[at] - statistics[2 * group]) * statistics[2 * group + 1];
      shift += dys[at];
    }
  }
  scales[threadIdx.y][threadIdx.x] = scale;
  shifts[threadIdx.y][threadIdx.x] = shift;
  __syncthreads();
  if (threadIdx.y != 0 || column >= count) return;
  for (int k = 1; k < 8; k++) {
    scale += scales[k][threadIdx.x];
    shift += shifts[k][threadIdx.x];
  }
  dgamma[(size_t)piece * count + column] = scale;
  dbeta[(size_t)piece * count + column] = shift;`,
);

interface Normalised {
  /** Rows and columns of `dy` and `x`. */
  readonly rows: number;
  readonly count: number;
  /** Rows and columns that share a mean and a deviation. */
  readonly groupRows: number;
  readonly groupColumns: number;
}

/** `dgamma = sum dy (x - mean) / deviation` and `dbeta = sum dy` over the rows, `[count]` each. */
export function affineGradient(
  backend: CudaBackend,
  dy: TensorInfo,
  x: TensorInfo,
  statistics: TensorInfo,
  { rows, count, groupRows, groupColumns }: Normalised,
): [dgamma: TensorInfo, dbeta: TensorInfo] {
  const pieces = Math.ceil(rows / rowsAtOnce);
  const tiles = Math.ceil(count / 32);
  const [gamma, beta] = [backend.output([pieces, count]), backend.output([pieces, count])];
  const addresses = [dy, x, statistics, gamma, beta].map((tensor) => backend.pointer(tensor));
  const geometry = { grid: [tiles * pieces], block: [32, 8] } as const;
  backend.device.launch(columns, [...addresses, rows, count, groupRows, groupColumns, tiles], geometry);
  const [dgamma, dbeta] = [gamma, beta].map((part) =>
    pieces === 1 ? backend.share(part, [count]) : reduceMiddle(backend, sum, part, [1, pieces, count], [count]),
  ) as [TensorInfo, TensorInfo];
  backend.release(gamma, beta);
  return [dgamma, dbeta];
}
