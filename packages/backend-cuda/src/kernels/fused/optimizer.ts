import { inputNames } from '@glid/ops';
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
const tensorBytes = 16;

/** C: which entry of a table in the order of `firstBlock` a block works for, and the first element of its piece. */
const findPiece = `template <typename Entry> static __device__ __forceinline__ Entry entryOf(const Entry* table, int count, int& first) {
  int low = 0, high = count;
  while (low + 1 < high) {
    int middle = (low + high) / 2;
    if (table[middle].firstBlock <= (int)blockIdx.x) low = middle;
    else high = middle;
  }
  first = ((int)blockIdx.x - table[low].firstBlock) * ${pieceLength};
  return table[low];
}
`;

const adamW = program(
  'adamw',
  'const Parameter* parameters, int parameterCount, const float* gradientScale, float keep1, float add1, float keep2, float add2, float root, float epsilon',
  `  int first;
  Parameter own = entryOf(parameters, parameterCount, first);
  float scale = gradientScale == 0 ? 1.0f : gradientScale[0];
  int end = min(first + ${pieceLength}, own.count);
  for (int i = first + threadIdx.x; i < end; i += blockDim.x) {
    float g = own.g[i] * scale;
    float m = keep1 * own.m[i] + add1 * g, v = keep2 * own.v[i] + add2 * g * g;
    own.nextM[i] = m;
    own.nextV[i] = v;
    own.nextP[i] = own.p[i] * own.decay - own.rate * m / (sqrtf(v) * root + epsilon);
  }`,
  `struct Parameter {
  const float *p, *g, *m, *v;
  float *nextP, *nextM, *nextV;
  int count, firstBlock;
  float decay, rate;
};
${findPiece}`,
);

const squares = program(
  'squares',
  'const Tensor* tensors, int tensorCount, float* partial',
  `  int first;
  Tensor own = entryOf(tensors, tensorCount, first);
  int end = min(first + ${pieceLength}, own.count);
  float total = 0.0f;
  for (int i = first + threadIdx.x; i < end; i += blockDim.x) total += own.x[i] * own.x[i];
  total = sumBlock(total);
  if (threadIdx.x == 0) partial[blockIdx.x] = total;`,
  `struct Tensor {
  const float* x;
  int count, firstBlock;
};
${findPiece}${blockSum}`,
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

export const optimizerKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidAdamW', (backend, inputs, attrs) => {
    const { count, learningRates, weightDecays, beta1, beta2, epsilon, step } = attrs;
    const [ps, gs] = [inputNames('p', count), inputNames('g', count)];
    const [ms, vs] = [inputNames('m', count), inputNames('v', count)];
    const writable = (name: (typeof ms)[number] | (typeof vs)[number]): boolean => backend.mayOverwrite(inputs[name]!);
    const inPlace = attrs.overwriteMoments && ms.every(writable) && vs.every(writable);
    const next: Record<'p' | 'm' | 'v', TensorInfo[]> = { p: [], m: [], v: [] };
    const table = new ByteTable(count * parameterBytes);
    const correction1 = 1 - beta1 ** step;
    let blocks = 0;
    for (let i = 0; i < count; i++) {
      const [p, m, v] = [inputs[ps[i]!]!, inputs[ms[i]!]!, inputs[vs[i]!]!];
      const n = sizeOf(p.shape);
      next.p.push(backend.output(p.shape));
      next.m.push(inPlace ? m : backend.output(p.shape));
      next.v.push(inPlace ? v : backend.output(p.shape));
      table.pointer(backend.pointer(p)).pointer(backend.pointer(inputs[gs[i]!]!));
      table.pointer(backend.pointer(m)).pointer(backend.pointer(v)).pointer(backend.pointer(next.p[i]!));
      table.pointer(backend.pointer(next.m[i]!)).pointer(backend.pointer(next.v[i]!));
      table
        .int(n)
        .int(blocks)
        .float(1 - learningRates[i]! * weightDecays[i]!)
        .float(learningRates[i]! / correction1);
      blocks += Math.ceil(n / pieceLength);
    }
    if (blocks > 0) {
      const root = 1 / Math.sqrt(1 - beta2 ** step);
      const constants = [beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon];
      withTable(backend, table, (address) => {
        const values = [address, count, backend.optional(inputs.gradientScale), ...constants];
        backend.device.launch(adamW, values, { grid: [blocks], block: [threads] });
      });
    }
    return inPlace ? next.p : [...next.p, ...next.m, ...next.v];
  }),
  defineGlidKernel('GlidGlobalNorm', (backend, inputs, { count }) => {
    const table = new ByteTable(count * tensorBytes);
    let blocks = 0;
    for (const name of inputNames('x', count)) {
      const x = inputs[name]!;
      const n = sizeOf(x.shape);
      table.pointer(backend.pointer(x)).int(n).int(blocks);
      blocks += Math.ceil(n / pieceLength);
    }
    if (blocks === 0) return filled(backend, [], 0, 'float32');
    const norm = backend.output([]);
    const partial = backend.output([blocks]);
    withTable(backend, table, (address) => {
      const values = [address, count, backend.pointer(partial)];
      backend.device.launch(squares, values, { grid: [blocks], block: [threads] });
    });
    const values = [backend.pointer(partial), backend.pointer(norm), blocks];
    backend.device.launch(rootOfSum, values, { grid: [1], block: [threads] });
    backend.release(partial);
    return norm;
  }),
];
