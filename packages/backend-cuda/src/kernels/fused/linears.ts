import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../../backend.ts';
import { binary } from '../../codegen/elementwise.ts';
import { ByteTable } from '../../runtime/byte-table.ts';
import { program } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';

/** Rows and columns of a block's part of a product, and the depth that it holds at a time. */
const side = 32;
const depth = 16;
/** Each of 64 threads makes 4 x 4 numbers. */
const threads = 64;
const productBytes = 64;
/** Multiplications above which cuBLASLt, one product at a time, is the better way. */
const mostWork = 2 ** 29;

const kernel = program(
  'linears',
  'const Product* products, int count',
  `  __shared__ float a[${depth}][${side} + 1], b[${depth}][${side}];
  int k = 0;
  while (k + 1 < count && (int)blockIdx.x >= products[k + 1].firstBlock) k++;
  Product own = products[k];
  int part = blockIdx.x - own.firstBlock, partsAcross = (own.columns + ${side - 1}) / ${side};
  int firstRow = part / partsAcross * ${side}, firstColumn = part % partsAcross * ${side};
  int across = threadIdx.x % 8 * 4, down = threadIdx.x / 8 * 4;
  float sum[4][4];
  for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++) sum[i][j] = 0.0f;
  for (int first = 0; first < own.inner; first += ${depth}) {
    for (int e = threadIdx.x; e < ${side * depth}; e += ${threads}) {
      int row = firstRow + e / ${depth}, at = first + e % ${depth};
      float value = 0.0f;
      if (row < own.rows && at < own.inner) {
        value = own.x[(size_t)row * own.inner + at];
        if (own.added != 0) value += own.added[(size_t)(row % own.addedRows) * own.inner + at];
      }
      a[e % ${depth}][e / ${depth}] = value;
    }
    for (int e = threadIdx.x; e < ${side * depth}; e += ${threads}) {
      int at = first + e / ${side}, column = firstColumn + e % ${side};
      bool inside = at < own.inner && column < own.columns;
      b[e / ${side}][e % ${side}] = inside ? own.kernel[(size_t)at * own.columns + column] : 0.0f;
    }
    __syncthreads();
    for (int d = 0; d < ${depth}; d++) {
      for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++) sum[i][j] += a[d][down + i] * b[d][across + j];
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; i++) {
    int row = firstRow + down + i;
    for (int j = 0; j < 4; j++) {
      int column = firstColumn + across + j;
      if (row >= own.rows || column >= own.columns) continue;
      own.y[(size_t)row * own.columns + column] = sum[i][j] + (own.bias == 0 ? 0.0f : own.bias[column]);
    }
  }`,
  `struct Product {
  const float *x, *added, *kernel, *bias;
  float* y;
  int rows, inner, columns, addedRows, firstBlock, unused;
};`,
);

interface Layer {
  readonly x: TensorInfo;
  readonly added: TensorInfo | undefined;
  readonly kernel: TensorInfo;
  readonly bias: TensorInfo | undefined;
  readonly y: TensorInfo;
}

/** All layers in one launch: for products that are too small to fill the device one by one. Float32 throughout. */
function together(backend: CudaBackend, layers: readonly Layer[]): void {
  const table = new ByteTable(layers.length * productBytes);
  let blocks = 0;
  for (const { x, added, kernel, bias, y } of layers) {
    table.pointer(backend.pointer(x)).pointer(backend.optional(added)).pointer(backend.pointer(kernel));
    table.pointer(backend.optional(bias)).pointer(backend.pointer(y));
    const [rows, columns] = y.shape as [number, number];
    table
      .int(rows)
      .int(x.shape[1]!)
      .int(columns)
      .int(added?.shape[0] ?? 1)
      .int(blocks)
      .int(0);
    blocks += Math.ceil(rows / side) * Math.ceil(columns / side);
  }
  if (blocks === 0) return;
  const block = backend.uploaded(table.bytes.length, () => table.bytes);
  backend.device.launch(kernel, [block.address, layers.length], { grid: [blocks], block: [threads] });
  backend.allocator.release(block);
}

function oneByOne(backend: CudaBackend, layers: readonly Layer[]): void {
  for (const { x, added, kernel, bias, y } of layers) {
    const [[m, k], n] = [x.shape as [number, number], kernel.shape[1]!];
    const rows = added && { ...added, shape: [1, ...added.shape] };
    const groups = added && { ...x, shape: [m / added.shape[0]!, ...added.shape] };
    const sum = rows && groups && binary(backend, 'Add', groups, rows, 'a + b', 'float32');
    const addresses = [sum ?? x, kernel, y].map((tensor) => backend.pointer(tensor)) as [number, number, number];
    backend.products.multiply({ m, n, k, epilogue: bias ? 'bias' : 'none' }, ...addresses, backend.optional(bias));
    if (sum) backend.release(sum);
  }
}

export const linearsKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidLinears', (backend, inputs, { count }) => {
    const given = inputs as Readonly<Record<string, TensorInfo | undefined>>;
    const layers = Array.from({ length: count }, (_, i): Layer => {
      const [x, weights] = [given[`x${i}`]!, given[`kernel${i}`]!];
      const y = backend.output([x.shape[0]!, weights.shape[1]!]);
      return { x, kernel: weights, y, added: given[`added${i}`], bias: given[`bias${i}`] };
    });
    const work = layers.reduce((total, { x, y }) => total + sizeOf(x.shape) * y.shape[1]!, 0);
    if (work <= mostWork) together(backend, layers);
    else
      oneByOne(
        backend,
        layers.filter(({ x, y }) => sizeOf(x.shape) > 0 && sizeOf(y.shape) > 0),
      );
    return layers.map(({ y }) => y);
  }),
];
