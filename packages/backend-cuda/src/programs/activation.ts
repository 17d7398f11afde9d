import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';

const expressions: Readonly<Record<backend_util.Activation, string>> = {
  linear: 'v',
  relu: 'v > 0 || v != v ? v : 0',
  relu6: 'fminf(fmaxf(v, 0.0f), 6.0f)',
  elu: 'v >= 0 ? v : expm1f(v)',
  sigmoid: '1.0f / (1.0f + expf(-v))',
  leakyrelu: 'v < 0 ? v * alpha : v',
  prelu: 'v < 0 ? v * slopes[i % slopeCount] : v',
};

export interface ActivationOptions {
  readonly bias: TensorInfo | undefined;
  readonly activation: backend_util.Activation;
  readonly leakyreluAlpha?: number | undefined;
  readonly prelu?: TensorInfo | undefined;
}

/** `y = activation(y + bias)` in place, the bias along the last axis: for the fused products of TensorFlow.js. */
export function applyActivation(backend: CudaBackend, y: TensorInfo, options: ActivationOptions): void {
  const { bias, activation, leakyreluAlpha = 0, prelu } = options;
  if (bias === undefined && activation === 'linear') return;
  const biasCount = bias === undefined ? 1 : sizeOf(bias.shape);
  const slopeCount = prelu === undefined ? 1 : sizeOf(prelu.shape);
  const program = pointwise(
    `activation ${activation} ${bias !== undefined}`,
    'float* y, const float* bias, const float* slopes, int biasCount, int slopeCount, float alpha',
    `    float v = y[i]${bias === undefined ? '' : ' + bias[i % biasCount]'};
    y[i] = ${expressions[activation]};`,
  );
  const addresses = [backend.pointer(y), backend.optional(bias), backend.optional(prelu)];
  backend.run(program, sizeOf(y.shape), [...addresses, biasCount, slopeCount, leakyreluAlpha]);
}
