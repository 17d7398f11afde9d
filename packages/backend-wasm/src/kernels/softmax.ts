import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Softmax } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';
import { product } from './matrix-product.ts';

/** Softmax over the last axis in one pass a row. */
export function registerSoftmax(): void {
  replaceKernel<{ logits: TensorInfo }, { dim: number }>(Softmax, (stock) => (context, inputs, attrs) => {
    const { logits } = inputs;
    const rank = logits.shape.length;
    if (logits.dtype !== 'float32' || attrs.dim !== rank - 1) return stock(context, inputs, attrs);
    const y = context.output(logits.shape);
    const n = logits.shape[rank - 1]!;
    if (n > 0) context.simd.softmax(context.pointer(logits), context.pointer(y), product(logits.shape) / n, n);
    return y;
  });
}
