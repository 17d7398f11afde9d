import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../../backend.ts';
import { blockSum } from '../../codegen/block-reduce.ts';
import { ByteTable } from '../../runtime/byte-table.ts';
import { program } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';

/** Elements of a tensor that one block works on. */
const pieceLength = 4096;
const threads = 256;
const parameterBytes = 72;
const pieceBytes = 8;

const adamW = program(
  'adamw',
  'const Parameter* parameters, const int2* pieces, const float* gradientScale, float keep1, float add1, float keep2, float add2, float root, float epsilon',
  `  int2 piece = pieces[blockIdx.x];
  Parameter own = parameters[piece.x];
  float scale = gradientScale == 0 ? 1.0f : gradientScale[0];
  int end = min(piece.y + ${pieceLength}, own.count);
  for (int i = piece.y + threadIdx.x; i < end; i += blockDim.x) {
    float g = own.g[i] * scale;
    float m = keep1 * own.m[i] + add1 * g, v = keep2 * own.v[i] + add2 * g * g;
    own.nextM[i] = m;
    own.nextV[i] = v;
    own.nextP[i] = own.p[i] * own.decay - own.rate * m / (sqrtf(v) * root + epsilon);
  }`,
  `struct Parameter {
  const float *p, *g, *m, *v;
  float *nextP, *nextM, *nextV;
  int count;
  float decay, rate;
  int unused;
};`,
);

const squares = program(
  'squares',
  'const Piece* pieces, float* partial',
  `  Piece own = pieces[blockIdx.x];
  float total = 0.0f;
  for (int i = threadIdx.x; i < own.count; i += blockDim.x) total += own.x[i] * own.x[i];
  total = sumBlock(total);
  if (threadIdx.x == 0) partial[blockIdx.x] = total;`,
  `struct Piece {
  const float* x;
  int count, unused;
};
${blockSum}`,
);

const rootOfSum = program(
  'root of sum',
  'const float* partial, float* norm, int count',
  `  float total = 0.0f;
  for (int i = threadIdx.x; i < count; i += blockDim.x) total += partial[i];
  total = sumBlock(total);
  if (threadIdx.x == 0) norm[0] = sqrtf(total);`,
  blockSum,
);

/** Puts a table on the device while `use` runs. */
function withTable(backend: CudaBackend, { bytes }: ByteTable, use: (address: number) => void): void {
  const block = backend.uploaded(bytes.length, () => bytes);
  try {
    use(block.address);
  } finally {
    backend.allocator.release(block);
  }
}

/** Starts of the pieces of `n` elements. */
function starts(n: number): number[] {
  return Array.from({ length: Math.ceil(n / pieceLength) }, (_, k) => k * pieceLength);
}

export const optimizerKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidAdamW', (backend, inputs, attrs) => {
    const { count, learningRates, weightDecays, beta1, beta2, epsilon, step } = attrs;
    const list = (kind: 'p' | 'g' | 'm' | 'v'): TensorInfo[] =>
      Array.from({ length: count }, (_, i) => inputs[`${kind}${i}`]!);
    const given = (['p', 'g', 'm', 'v'] as const).map(list);
    const next = [0, 1, 2].map(() => given[0]!.map(({ shape }) => backend.output(shape)));
    const pieces = given[0]!.flatMap(({ shape }, i) => starts(sizeOf(shape)).map((first) => [i, first] as const));
    if (pieces.length === 0) return next.flat();
    const table = new ByteTable(count * parameterBytes + pieces.length * pieceBytes);
    for (let i = 0; i < count; i++) {
      for (const tensors of [...given, ...next]) table.pointer(backend.pointer(tensors[i]!));
      table.int(sizeOf(given[0]![i]!.shape)).float(1 - learningRates[i]! * weightDecays[i]!);
      table.float(learningRates[i]! / (1 - beta1 ** step)).int(0);
    }
    for (const [i, first] of pieces) table.int(i).int(first);
    const root = 1 / Math.sqrt(1 - beta2 ** step);
    const constants = [beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon];
    withTable(backend, table, (address) => {
      const values = [address, address + count * parameterBytes, backend.optional(inputs.gradientScale), ...constants];
      backend.device.launch(adamW, values, { grid: [pieces.length], block: [threads] });
    });
    return next.flat();
  }),
  defineGlidKernel('GlidGlobalNorm', (backend, inputs, { count }) => {
    const pieces = Array.from({ length: count }, (_, k) => inputs[`x${k}`]!).flatMap((x) => {
      const n = sizeOf(x.shape);
      return starts(n).map((first) => [backend.pointer(x) + 4 * first, Math.min(pieceLength, n - first)] as const);
    });
    if (pieces.length === 0) return filled(backend, [], 0, 'float32');
    const norm = backend.output([]);
    const partial = backend.output([pieces.length]);
    const table = new ByteTable(16 * pieces.length);
    for (const [address, length] of pieces) table.pointer(address).int(length).int(0);
    withTable(backend, table, (address) => {
      backend.device.launch(squares, [address, backend.pointer(partial)], { grid: [pieces.length], block: [threads] });
    });
    const values = [backend.pointer(partial), backend.pointer(norm), pieces.length];
    backend.device.launch(rootOfSum, values, { grid: [1], block: [threads] });
    backend.release(partial);
    return norm;
  }),
];
