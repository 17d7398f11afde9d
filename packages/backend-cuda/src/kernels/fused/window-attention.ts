import type { GlidKernels } from '@glid/ops';
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../../backend.ts';
import { reduceMiddle } from '../../codegen/reduce.ts';
import {
  attentionBiasGradient,
  attentionForward,
  attentionKeyGradient,
  attentionQueryGradient,
} from '../../programs/attention/kernels.ts';
import { type AttentionVariant, relativeWindows, windows } from '../../programs/attention/variant.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';
import { sum } from '../reductions.ts';
import { rowGeometry } from './attention.ts';

type Inputs = GlidKernels['GlidWindowAttention']['inputs'];
type Attributes = GlidKernels['GlidWindowAttention']['attrs'];

interface Call {
  readonly headSize: number;
  readonly channels: number;
  /** Positions of a window. */
  readonly positions: number;
  /** Windows of all pictures. */
  readonly groups: number;
  readonly common: readonly number[];
  readonly layout: readonly number[];
}

/** Groups that one thread of the bias gradient walks through. */
const groupsAtOnce = 64;

/** `bias`: the pairs' or the table. */
function describe(backend: CudaBackend, { qkv, bias, keyMask }: Inputs, { heads, window, shift }: Attributes): Call {
  const [batch, height, width, stride] = qkv.shape as [number, number, number, number];
  const channels = stride / 3;
  const headSize = channels / heads;
  const positions = window[0] * window[1];
  const [q, k, v] = [0, 1, 2].map((part) => backend.pointer(qkv) + 4 * part * channels) as [number, number, number];
  return {
    ...{ headSize, channels, positions, groups: (batch * height * width) / positions },
    common: [q, k, v, stride, channels, heads, positions, positions, headSize ** -0.5],
    layout: [backend.optional(keyMask), backend.pointer(bias), height, width, ...window, ...shift],
  };
}

function forward(backend: CudaBackend, variant: AttentionVariant, inputs: Inputs, attrs: Attributes): TensorInfo {
  const y = backend.output([...inputs.qkv.shape.slice(0, 3), inputs.qkv.shape[3]! / 3]);
  if (sizeOf(y.shape) === 0) return y;
  const { headSize, positions, groups, common, layout } = describe(backend, inputs, attrs);
  const values = [...common, backend.pointer(y), ...layout];
  backend.device.launch(attentionForward(variant, headSize), values, rowGeometry(groups * attrs.heads, positions));
  return y;
}

export const windowAttentionKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidWindowAttention', (backend, inputs, attrs) => forward(backend, windows, inputs, attrs)),
  defineGlidKernel('GlidRelativeWindowAttention', (backend, { table, ...inputs }, attrs) =>
    forward(backend, relativeWindows, { ...inputs, bias: table }, attrs),
  ),
  defineGlidKernel('GlidWindowAttentionGrad', (backend, { dy, ...inputs }, attrs) => {
    const { qkv, bias } = inputs;
    if (sizeOf(qkv.shape) === 0)
      return [filled(backend, qkv.shape, 0, 'float32'), filled(backend, bias.shape, 0, 'float32')];
    const { headSize, channels, positions, groups, common, layout } = describe(backend, inputs, attrs);
    const blocks = groups * attrs.heads;
    const dqkv = backend.output(qkv.shape);
    const [dq, dk, dv] = [0, 1, 2].map((part) => backend.pointer(dqkv) + 4 * part * channels) as [
      number,
      number,
      number,
    ];
    const statistics = backend.output([blocks, positions, 2]);
    const [gradient, kept] = [backend.pointer(dy), backend.pointer(statistics)];
    const geometry = rowGeometry(blocks, positions);
    const { device } = backend;
    device.launch(attentionQueryGradient(windows, headSize), [...common, gradient, dq, kept, ...layout], geometry);
    device.launch(attentionKeyGradient(windows, headSize), [...common, gradient, kept, dk, dv, ...layout], geometry);

    const pieces = Math.ceil(groups / groupsAtOnce);
    const entries = sizeOf(bias.shape);
    const partial = backend.output([pieces, entries]);
    device.launch(
      attentionBiasGradient(windows, headSize),
      [...common, gradient, kept, backend.pointer(partial), groups, groupsAtOnce, ...layout],
      { grid: [Math.ceil(entries / 128), pieces], block: [128] },
    );
    const dbias = reduceMiddle(backend, sum, partial, [1, pieces, entries], bias.shape);
    backend.release(statistics, partial);
    return [dqkv, dbias];
  }),
];
