import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { blockSum } from '../../codegen/block-reduce.ts';
import { affineGradient } from '../../programs/affine-gradient.ts';
import { program } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';

const threads = 256;

// One block a picture and group; AT(k) is its element k.
const group = `  int groups = channels / width, first = blockIdx.x % groups * width, n = pixels * width;
  size_t start = (size_t)(blockIdx.x / groups) * pixels * channels + first;
  #define AT(k) (start + (size_t)((k) / width) * channels + (k) % width)
  float mean = 0.0f, variance = 0.0f;
  for (int k = threadIdx.x; k < n; k += blockDim.x) mean += xs[AT(k)];
  mean = sumBlock(mean) / n;
  for (int k = threadIdx.x; k < n; k += blockDim.x) variance += (xs[AT(k)] - mean) * (xs[AT(k)] - mean);
  float reciprocal = 1.0f / sqrtf(sumBlock(variance) / n + epsilon);`;

const forward = program(
  'group norm',
  'const float* xs, const float* gamma, const float* beta, float* ys, int pixels, int channels, int width, float epsilon',
  `${group}
  for (int k = threadIdx.x; k < n; k += blockDim.x) {
    int channel = first + k % width;
    ys[AT(k)] = (xs[AT(k)] - mean) * reciprocal * gamma[channel] + beta[channel];
  }`,
  blockSum,
);

const gradient = program(
  'group norm, gradient of the input',
  'const float* dys, const float* xs, const float* gamma, float* dxs, float* statistics, int pixels, int channels, int width, float epsilon',
  `${group}
  float plain = 0.0f, along = 0.0f;
  for (int k = threadIdx.x; k < n; k += blockDim.x) {
    float dnormal = dys[AT(k)] * gamma[first + k % width];
    plain += dnormal;
    along += dnormal * (xs[AT(k)] - mean) * reciprocal;
  }
  plain = sumBlock(plain) / n;
  along = sumBlock(along) / n;
  for (int k = threadIdx.x; k < n; k += blockDim.x) {
    float normal = (xs[AT(k)] - mean) * reciprocal;
    dxs[AT(k)] = reciprocal * (dys[AT(k)] * gamma[first + k % width] - plain - normal * along);
  }
  if (threadIdx.x == 0) {
    statistics[2 * blockIdx.x] = mean;
    statistics[2 * blockIdx.x + 1] = reciprocal;
  }`,
  blockSum,
);

interface Sizes {
  readonly batch: number;
  readonly pixels: number;
  readonly channels: number;
  /** Channels of a group. */
  readonly width: number;
}

function sizesOf(x: TensorInfo, groups: number): Sizes {
  const [batch, height, across, channels] = x.shape as [number, number, number, number];
  return { batch, pixels: height * across, channels, width: channels / groups };
}

export const groupNormKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidGroupNorm', (backend, { x, gamma, beta }, { groups, epsilon }) => {
    const y = backend.output(x.shape);
    if (sizeOf(x.shape) === 0) return y;
    const { batch, pixels, channels, width } = sizesOf(x, groups);
    const addresses = [x, gamma, beta, y].map((tensor) => backend.pointer(tensor));
    const geometry = { grid: [batch * groups], block: [threads] } as const;
    backend.device.launch(forward, [...addresses, pixels, channels, width, epsilon], geometry);
    return y;
  }),
  defineGlidKernel('GlidGroupNormGrad', (backend, { dy, x, gamma }, { groups, epsilon }) => {
    if (sizeOf(x.shape) === 0) return [x, gamma, gamma].map(({ shape }) => filled(backend, shape, 0, 'float32'));
    const { batch, pixels, channels, width } = sizesOf(x, groups);
    const [dx, statistics] = [backend.output(x.shape), backend.output([batch * groups, 2])];
    const addresses = [dy, x, gamma, dx, statistics].map((tensor) => backend.pointer(tensor));
    const geometry = { grid: [batch * groups], block: [threads] } as const;
    backend.device.launch(gradient, [...addresses, pixels, channels, width, epsilon], geometry);
    const normalised = { rows: batch * pixels, count: channels, groupRows: pixels, groupColumns: width };
    const [dgamma, dbeta] = affineGradient(backend, dy, x, statistics, normalised);
    backend.release(statistics);
    return [dx, dgamma, dbeta];
  }),
];
