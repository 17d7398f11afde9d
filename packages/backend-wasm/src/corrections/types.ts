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
    const from = context.integers({ ...x, dtype: 'int32' });
    const to = context.backend.typedArrayFromHeap(out) as Uint8Array;
    // A float is 0 where all bits but its sign are. Without branches: masks have no pattern that a processor could foresee.
    const ignored = x.dtype === 'float32' ? 1 : 0;
    for (let i = 0; i < to.length; i++) {
      const bits = from[i]! << ignored;
      to[i] = (bits | -bits) >>> 31;
    }
    return out;
  });
}
