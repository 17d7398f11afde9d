import type { GlidKernels } from '@glid/ops';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../../backend.ts';
import { attentionForward, attentionKeyGradient, attentionQueryGradient } from '../../programs/attention/kernels.ts';
import { sequences } from '../../programs/attention/variant.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';

type Inputs = Omit<GlidKernels['GlidAttention']['inputs'], 'v'> & { readonly v: TensorInfo };

interface Call {
  readonly headSize: number;
  readonly queries: number;
  readonly keys: number;
  /** Pictures times heads. */
  readonly blocks: number;
  /** Of the kernels' first parameters, and of the masks. */
  readonly common: readonly number[];
  readonly masks: readonly number[];
}

function describe(backend: CudaBackend, { q, k, v, keyMask, blockMask }: Inputs, heads: number): Call {
  const [batch, queries, channels] = q.shape as [number, number, number];
  const keys = k.shape[1]!;
  const headSize = channels / heads;
  const addresses = [q, k, v].map((tensor) => backend.pointer(tensor));
  return {
    ...{ headSize, queries, keys, blocks: batch * heads },
    common: [...addresses, channels, channels, heads, queries, keys, headSize ** -0.5],
    masks: [backend.optional(keyMask), backend.optional(blockMask)],
  };
}

/** One thread a row. */
export function rowGeometry(blocks: number, rows: number): { grid: [number, number]; block: [number] } {
  const threads = rows > 32 ? 64 : 32;
  return { grid: [blocks, Math.ceil(rows / threads)], block: [threads] };
}

export const attentionKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidAttention', (backend, inputs, { heads }) => {
    if (sizeOf(inputs.q.shape) === 0 || sizeOf(inputs.k.shape) === 0)
      return filled(backend, inputs.q.shape, 0, 'float32');
    const y = backend.output(inputs.q.shape);
    const { headSize, queries, blocks, common, masks } = describe(backend, inputs, heads);
    const values = [...common, backend.pointer(y), ...masks];
    backend.device.launch(attentionForward(sequences, headSize), values, rowGeometry(blocks, queries));
    return y;
  }),
  defineGlidKernel('GlidAttentionGrad', (backend, { dy, ...inputs }, { heads }) => {
    const { q, k, v } = inputs;
    if (sizeOf(q.shape) === 0 || sizeOf(k.shape) === 0)
      return [q, k, v].map((x) => filled(backend, x.shape, 0, 'float32'));
    const { headSize, queries, keys, blocks, common, masks } = describe(backend, inputs, heads);
    const [dq, dk, dv] = [q, k, v].map((x) => backend.output(x.shape)) as [TensorInfo, TensorInfo, TensorInfo];
    const statistics = backend.output([blocks, queries, 2]);
    const gradient = backend.pointer(dy);
    backend.device.launch(
      attentionQueryGradient(sequences, headSize),
      [...common, gradient, backend.pointer(dq), backend.pointer(statistics), ...masks],
      rowGeometry(blocks, queries),
    );
    backend.device.launch(
      attentionKeyGradient(sequences, headSize),
      [...common, gradient, backend.pointer(statistics), backend.pointer(dk), backend.pointer(dv), ...masks],
      rowGeometry(blocks, keys),
    );
    backend.release(statistics);
    return [dq, dk, dv];
  }),
];
