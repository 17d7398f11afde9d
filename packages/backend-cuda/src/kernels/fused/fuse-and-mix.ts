import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { program, programFamily } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';

type Resampling = 'same' | 'nearest' | 'maximum';

/** Pixels of a block's side, its channels, and rows of its threads. */
const side = 8;
const lanes = 32;
const rows = 8;
const wide = side + 2;

/** C: the value of map `k` at (y, x) of the node. */
const sampled: Readonly<Record<Resampling, (k: number) => string>> = {
  same: (k) => `x${k}[((size_t)(picture * h${k} + y) * w${k} + x) * C + channel]`,
  nearest: (k) =>
    `x${k}[((size_t)(picture * h${k} + (int)((long long)y * h${k} / H)) * w${k} + (int)((long long)x * w${k} / W)) * C + channel]`,
  maximum: (k) => `maximumAround(x${k}, picture, y, x, h${k}, w${k}, C, channel)`,
};

const maximumAround = `static __device__ __forceinline__ float maximumAround(const float* xs, int picture, int y, int x, int h, int w, int C, int channel) {
  float most = -__int_as_float(0x7f800000);
  for (int row = max(0, 2 * y - 1); row <= min(h - 1, 2 * y + 1); row++) {
    for (int column = max(0, 2 * x - 1); column <= min(w - 1, 2 * x + 1); column++) {
      float v = xs[((size_t)(picture * h + row) * w + column) * C + channel];
      if (v > most || v != v) most = v;
    }
  }
  return most;
}
`;

/**
 * A block makes 8 x 8 pixels of 32 channels: it fuses these and the ring around them into shared memory, then convolves. What a product or
 * a sum is made of, and in which order, is as in the kernels that do one step each.
 */
const forward = programFamily(
  (resampling: readonly Resampling[]) => `fuse and mix ${resampling.join(' ')}`,
  (key, resampling) => {
    const each = (text: (k: number) => string, joint = ' '): string => resampling.map((_, k) => text(k)).join(joint);
    return program(
      key,
      `${each((k) => `const float* x${k},`)} const float* weights, const float* depthwise, float* ys, ${each((k) => `int h${k}, int w${k},`)} int H, int W, int C, int across, float epsilon`,
      `  __shared__ float tile[${wide * wide}][${lanes}];
  int channel = blockIdx.x * ${lanes} + threadIdx.x, picture = blockIdx.z;
  int top = blockIdx.y / across * ${side}, left = blockIdx.y % across * ${side};
  bool active = channel < C;
  float total = epsilon; ${each((k) => `total += fmaxf(weights[${k}], 0.0f);`)}
  ${each((k) => `float n${k} = fmaxf(weights[${k}], 0.0f) / total;`)}
  for (int at = threadIdx.y; at < ${wide * wide}; at += ${rows}) {
    int y = top - 1 + at / ${wide}, x = left - 1 + at % ${wide};
    float value = 0.0f;
    if (active && y >= 0 && y < H && x >= 0 && x < W) {
      float v = ${each((k) => `${sampled[resampling[k]!](k)} * n${k}`, ' + ')};
      value = v / (1.0f + expf(-v));
    }
    tile[at][threadIdx.x] = value;
  }
  __syncthreads();
  if (!active) return;
  float filter[9];
  for (int tap = 0; tap < 9; tap++) filter[tap] = depthwise[tap * C + channel];
  for (int at = threadIdx.y; at < ${side * side}; at += ${rows}) {
    int row = at / ${side}, column = at % ${side}, y = top + row, x = left + column;
    if (y >= H || x >= W) continue;
    float sum = 0.0f;
    for (int tap = 0; tap < 9; tap++) sum += tile[(row + tap / 3) * ${wide} + column + tap % 3][threadIdx.x] * filter[tap];
    ys[((size_t)(picture * H + y) * W + x) * C + channel] = sum;
  }`,
      resampling.includes('maximum') ? maximumAround : '',
    );
  },
);

export const fuseAndMixKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidFuseAndMix', (backend, inputs, { count, epsilon, size, resampling }) => {
    const maps = Array.from({ length: count }, (_, k) => inputs[`x${k}`] as TensorInfo);
    const [batch, , , channels] = maps[0]!.shape as [number, number, number, number];
    const y = backend.output([batch, ...size, channels]);
    if (sizeOf(y.shape) === 0) return y;
    const addresses = [...maps, inputs.weights, inputs.depthwise, y].map((tensor) => backend.pointer(tensor));
    const across = Math.ceil(size[1] / side);
    const sizes = maps.flatMap(({ shape }) => [shape[1]!, shape[2]!]);
    backend.device.launch(forward(resampling), [...addresses, ...sizes, ...size, channels, across, epsilon], {
      grid: [Math.ceil(channels / lanes), across * Math.ceil(size[0] / side), batch],
      block: [lanes, rows],
    });
    return y;
  }),
];
