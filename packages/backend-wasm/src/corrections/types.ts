import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Cast, ClipByValue } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';

/** Stock clips integers as if their bits were floats, and casts to bool by truncation (0.5 and 256 become false). */
export function registerTypes(): void {
  interface Clip {
    readonly clipValueMin: number;
    readonly clipValueMax: number;
  }
  replaceKernel<{ x: TensorInfo }, Clip>(ClipByValue, (stock) => (context, inputs, attrs) => {
    if (inputs.x.dtype !== 'int32') return stock(context, inputs, attrs);
    const out = context.output(inputs.x.shape, 'int32');
    const [from, to] = [context.integers(inputs.x), context.integers(out)];
    const { clipValueMin, clipValueMax } = attrs;
    for (let i = 0; i < to.length; i++) {
      to[i] = Math.min(clipValueMax, Math.max(clipValueMin, from[i]!));
    }
    return out;
  });

  replaceKernel<{ x: TensorInfo }, { dtype: string }>(Cast, (stock) => (context, inputs, attrs) => {
    const { x } = inputs;
    if (attrs.dtype !== 'bool' || (x.dtype !== 'float32' && x.dtype !== 'int32')) return stock(context, inputs, attrs);
    const out = context.output(x.shape, 'bool');
    const [from, to] = [context.backend.typedArrayFromHeap(x), context.backend.typedArrayFromHeap(out)];
    for (let i = 0; i < to.length; i++) to[i] = from[i] === 0 ? 0 : 1;
    return out;
  });
}
