import { Random } from '@glid/base';
import type { KernelConfig, MultinomialAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import { Multinomial } from '@tensorflow/tfjs-core';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { softmaxOf } from './softmax.ts';

/** The first event at which the sum of the probabilities passes a uniform number; the last one if none does. */
const draw = pointwise(
  Multinomial,
  'const float* probabilities, const float* uniforms, int* ys, int samples, int events',
  `    const float* p = probabilities + (size_t)(i / samples) * events;
    float sum = 0.0f;
    int event = 0;
    for (; event < events - 1; event++) {
      sum += p[event];
      if (uniforms[i] < sum) break;
    }
    ys[i] = event;`,
);

export const samplingKernels: readonly KernelConfig[] = [
  // Uniform numbers come from the host, so that a seed gives the same draws everywhere.
  defineKernel<{ logits: TensorInfo }, MultinomialAttrs>(
    Multinomial,
    (backend, { logits }, { numSamples, seed, normalized }) => {
      const probabilities = normalized ? logits : softmaxOf(backend, logits);
      const [batch, events] = logits.shape as [number, number];
      const y = backend.output([batch, numSamples], 'int32');
      const numbers = new Random(seed).fillUniform(new Float32Array(sizeOf(y.shape)));
      const uniforms = backend.hostTensor(numbers, y.shape, 'float32');
      const addresses = [probabilities, uniforms, y].map((tensor) => backend.pointer(tensor));
      backend.run(draw, sizeOf(y.shape), [...addresses, numSamples, events]);
      backend.release(uniforms, ...(normalized ? [] : [probabilities]));
      return y;
    },
  ),
];
