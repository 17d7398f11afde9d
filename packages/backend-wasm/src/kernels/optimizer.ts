import type { TensorInfo } from '@tensorflow/tfjs-core';
import { glidKernel } from './glid-kernel.ts';
import { product } from './matrix-product.ts';

export function registerOptimizer(): void {
  glidKernel('GlidAdamW', (context, inputs, attrs) => {
    const { count, learningRates, weightDecays, beta1, beta2, epsilon, step } = attrs;
    const scale = inputs.gradientScale === undefined ? 1 : context.floats(inputs.gradientScale)[0]!;
    const root = 1 / Math.sqrt(1 - beta2 ** step);
    const next: Record<'p' | 'm' | 'v', TensorInfo[]> = { p: [], m: [], v: [] };
    for (let i = 0; i < count; i++) {
      const p = inputs[`p${i}`]!;
      const outputs = { p: context.output(p.shape), m: context.output(p.shape), v: context.output(p.shape) };
      context.simd.adamW(
        ...([context.pointer(p), context.pointer(inputs[`g${i}`]!)] as const),
        ...([context.pointer(inputs[`m${i}`]!), context.pointer(inputs[`v${i}`]!)] as const),
        ...([context.pointer(outputs.p), context.pointer(outputs.m), context.pointer(outputs.v)] as const),
        ...([product(p.shape), scale, 1 - learningRates[i]! * weightDecays[i]!] as const),
        ...([learningRates[i]! / (1 - beta1 ** step), root, beta1, 1 - beta1, beta2, 1 - beta2, epsilon] as const),
      );
      next.p.push(outputs.p);
      next.m.push(outputs.m);
      next.v.push(outputs.v);
    }
    return [...next.p, ...next.m, ...next.v];
  });

  glidKernel('GlidGlobalNorm', (context, inputs, { count }) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const x = inputs[`x${i}`]!;
      sum += context.simd.squareSum(context.pointer(x), product(x.shape));
    }
    const norm = context.output([]);
    context.floats(norm)[0] = Math.sqrt(sum);
    return [norm];
  });
}
