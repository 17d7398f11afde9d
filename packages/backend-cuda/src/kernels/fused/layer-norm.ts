import type { KernelConfig } from '@tensorflow/tfjs-core';
import { blockReduce } from '../../codegen/block-reduce.ts';
import { affineGradient } from '../../programs/affine-gradient.ts';
import { program } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';
import { filled } from '../fill.ts';

/** Rows of a block, one warp each. */
const warps = 4;
const sumWarp = blockReduce('sum', 'float', 'a + b');

const row = `  int row = blockIdx.x * blockDim.y + threadIdx.y;
  if (row >= rows) return;
  const float* x = xs + (size_t)row * count;
  float mean = 0.0f, variance = 0.0f;
  for (int c = threadIdx.x; c < count; c += 32) mean += x[c];
  mean = sumWarp(mean) / count;
  for (int c = threadIdx.x; c < count; c += 32) variance += (x[c] - mean) * (x[c] - mean);
  float reciprocal = 1.0f / sqrtf(sumWarp(variance) / count + epsilon);`;

const forward = program(
  'layer norm',
  'const float* xs, const float* gamma, const float* beta, float* ys, int rows, int count, float epsilon',
  `${row}
  float* y = ys + (size_t)row * count;
  for (int c = threadIdx.x; c < count; c += 32) y[c] = (x[c] - mean) * reciprocal * gamma[c] + beta[c];`,
  sumWarp,
);

/** A row is a square of 2 x 2 pixels, `count` is 4 C, `across` squares lie side by side. */
const ofSquares = program(
  'layer norm of squares',
  'const float* xs, const float* gamma, const float* beta, float* ys, int rows, int count, int across, float epsilon',
  `  int row = blockIdx.x * blockDim.y + threadIdx.y;
  if (row >= rows) return;
  int channels = count / 4;
  const float* corner = xs + ((size_t)(row / across) * 4 * across + 2 * (row % across)) * channels;
  #define AT(c) corner[((size_t)((c) / channels % 2) * 2 * across + (c) / channels / 2) * channels + (c) % channels]
  float mean = 0.0f, variance = 0.0f;
  for (int c = threadIdx.x; c < count; c += 32) mean += AT(c);
  mean = sumWarp(mean) / count;
  for (int c = threadIdx.x; c < count; c += 32) variance += (AT(c) - mean) * (AT(c) - mean);
  float reciprocal = 1.0f / sqrtf(sumWarp(variance) / count + epsilon);
  float* y = ys + (size_t)row * count;
  for (int c = threadIdx.x; c < count; c += 32) y[c] = (AT(c) - mean) * reciprocal * gamma[c] + beta[c];`,
  sumWarp,
);

const gradient = program(
  'layer norm, gradient of the input',
  'const float* dys, const float* xs, const float* gamma, float* dxs, float* statistics, int rows, int count, float epsilon',
  `${row}
  const float* dy = dys + (size_t)row * count;
  float plain = 0.0f, along = 0.0f;
  for (int c = threadIdx.x; c < count; c += 32) {
    float dnormal = dy[c] * gamma[c];
    plain += dnormal;
    along += dnormal * (x[c] - mean) * reciprocal;
  }
  plain = sumWarp(plain) / count;
  along = sumWarp(along) / count;
  float* dx = dxs + (size_t)row * count;
  for (int c = threadIdx.x; c < count; c += 32) {
    dx[c] = reciprocal * (dy[c] * gamma[c] - plain - (x[c] - mean) * reciprocal * along);
  }
  if (threadIdx.x == 0) {
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = reciprocal;
  }`,
  sumWarp,
);

const geometry = (rows: number) => ({ grid: [Math.ceil(rows / warps)], block: [32, warps] }) as const;

export const layerNormKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidLayerNorm', (backend, { x, gamma, beta }, { epsilon }) => {
    const y = backend.output(x.shape);
    const n = sizeOf(x.shape);
    if (n === 0) return y;
    const count = sizeOf(gamma.shape);
    const addresses = [x, gamma, beta, y].map((tensor) => backend.pointer(tensor));
    backend.device.launch(forward, [...addresses, n / count, count, epsilon], geometry(n / count));
    return y;
  }),
  defineGlidKernel('GlidSquaresNorm', (backend, { x, gamma, beta }, { epsilon }) => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const y = backend.output([batch, height / 2, width / 2, 4 * channels]);
    const count = 4 * channels;
    const rows = sizeOf(y.shape) / Math.max(1, count);
    if (rows === 0 || count === 0) return y;
    const addresses = [x, gamma, beta, y].map((tensor) => backend.pointer(tensor));
    backend.device.launch(ofSquares, [...addresses, rows, count, width / 2, epsilon], geometry(rows));
    return y;
  }),
  defineGlidKernel('GlidLayerNormGrad', (backend, { dy, x, gamma }, { epsilon }) => {
    const [n, count] = [sizeOf(x.shape), sizeOf(gamma.shape)];
    if (n === 0) return [x, gamma, gamma].map(({ shape }) => filled(backend, shape, 0, 'float32'));
    const rows = n / count;
    const [dx, statistics] = [backend.output(x.shape), backend.output([rows, 2])];
    const addresses = [dy, x, gamma, dx, statistics].map((tensor) => backend.pointer(tensor));
    backend.device.launch(gradient, [...addresses, rows, count, epsilon], geometry(rows));
    const normalised = { rows, count, groupRows: 1, groupColumns: count };
    const [dgamma, dbeta] = affineGradient(backend, dy, x, statistics, normalised);
    backend.release(statistics);
    return [dx, dgamma, dbeta];
  }),
];
