import type { TensorInfo } from '@tensorflow/tfjs-core';
import { OneHot } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';

interface OneHotAttributes {
  readonly dtype: string;
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

/** Stock writes integers whatever type is asked for: as float32 their bits read 1.4e-45, and a cross-entropy of them is 0. */
export function registerOneHot(): void {
  replaceKernel<{ indices: TensorInfo }, OneHotAttributes>(OneHot, (stock) => (context, inputs, attrs) => {
    if (attrs.dtype !== 'float32') return stock(context, inputs, attrs);
    const { depth, onValue, offValue } = attrs;
    const out = context.output([...inputs.indices.shape, depth], 'float32');
    const [indices, values] = [context.integers(inputs.indices), context.floats(out)];
    values.fill(offValue);
    for (let row = 0; row < indices.length; row++) {
      const index = indices[row]!;
      if (index >= 0 && index < depth) values[row * depth + index] = onValue;
    }
    return out;
  });
}
