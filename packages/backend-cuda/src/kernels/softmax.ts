import type { KernelConfig, LogSoftmaxAttrs, SoftmaxAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { LogSoftmax, Softmax } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { blockMax, blockSum } from '../codegen/block-reduce.ts';
import { program } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';

const overRows = (name: string, result: string) =>
  program(
    name,
    'const float* xs, float* ys, int count',
    `  const float* x = xs + (size_t)blockIdx.x * count;
  float* y = ys + (size_t)blockIdx.x * count;
  float top = -__int_as_float(0x7f800000), total = 0.0f;
  for (int i = threadIdx.x; i < count; i += blockDim.x) top = fmaxf(top, x[i]);
  top = mostBlock(top);
  for (int i = threadIdx.x; i < count; i += blockDim.x) total += expf(x[i] - top);
  total = sumBlock(total);
  for (int i = threadIdx.x; i < count; i += blockDim.x) y[i] = ${result};`,
    blockMax + blockSum,
  );

const softmax = overRows(Softmax, 'expf(x[i] - top) / total');
const logSoftmax = overRows(LogSoftmax, 'x[i] - top - logf(total)');

function run(backend: CudaBackend, rows: typeof softmax, x: TensorInfo): TensorInfo {
  const y = backend.output(x.shape);
  const count = x.shape.at(-1)!;
  const n = sizeOf(x.shape);
  if (n === 0) return y;
  const geometry = { grid: [n / count], block: [count > 128 ? 256 : count > 32 ? 64 : 32] } as const;
  backend.device.launch(rows, [backend.pointer(x), backend.pointer(y), count], geometry);
  return y;
}

/** Over the last axis, the only one that TensorFlow.js asks for. */
export function softmaxOf(backend: CudaBackend, logits: TensorInfo): TensorInfo {
  return run(backend, softmax, logits);
}

export const softmaxKernels: readonly KernelConfig[] = [
  defineKernel<{ logits: TensorInfo }, SoftmaxAttrs>(Softmax, (backend, { logits }) => softmaxOf(backend, logits)),
  defineKernel<{ logits: TensorInfo }, LogSoftmaxAttrs>(LogSoftmax, (backend, { logits }) =>
    run(backend, logSoftmax, logits),
  ),
];
