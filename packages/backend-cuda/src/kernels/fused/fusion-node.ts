import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { blockSum } from '../../codegen/block-reduce.ts';
import { pointwise, program } from '../../runtime/program.ts';
import { sizeOf } from '../../shape.ts';
import { defineGlidKernel } from '../define-kernel.ts';

type Maps = Readonly<Record<`x${number}`, TensorInfo>>;

const listMaps = (inputs: Maps, count: number): TensorInfo[] =>
  Array.from({ length: count }, (_, k) => inputs[`x${k}`]!);
const each = (count: number, text: (k: number) => string, joint = ' '): string =>
  Array.from({ length: count }, (_, k) => text(k)).join(joint);

const total = (count: number): string =>
  `float total = epsilon; ${each(count, (k) => `total += fmaxf(weights[${k}], 0.0f);`)}`;
const normal = (k: number): string => `fmaxf(weights[${k}], 0.0f) / total`;

const forward = (count: number, swish: boolean) =>
  pointwise(
    `fusion node ${count} ${swish}`,
    `${each(count, (k) => `const float* x${k},`)} const float* weights, float* ys, float epsilon`,
    `    ${total(count)}
    float v = ${each(count, (k) => `x${k}[i] * (${normal(k)})`, ' + ')};
    ys[i] = ${swish ? 'v / (1.0f + expf(-v))' : 'v'};`,
  );

/**
 * The gradients of the maps, and a partial sum a block and map for those of the weights, `partial [blocks, count]`: sum of
 * `d (x_k - v)`, v the blended map. The difference comes first, since the sums of `d x_k` nearly cancel.
 */
const mapGradients = (count: number, swish: boolean) =>
  program(
    `fusion node, gradient of maps ${count} ${swish}`,
    `int n, ${each(count, (k) => `const float* x${k}, float* dx${k},`)} const float* dys, const float* weights, float* partial, float epsilon`,
    `  ${total(count)}
  ${each(count, (k) => `float n${k} = ${normal(k)}, sum${k} = 0.0f;`)}
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    float d = dys[i], v = ${each(count, (k) => `x${k}[i] * n${k}`, ' + ')};
${swish ? `    float gate = 1.0f / (1.0f + expf(-v));\n    d *= gate * (1.0f + v * (1.0f - gate));` : ''}
    ${each(count, (k) => `sum${k} += d * (x${k}[i] - v); dx${k}[i] = d * n${k};`)}
  }
  ${each(count, (k) => `sum${k} = sumBlock(sum${k});`)}
  if (threadIdx.x == 0) { ${each(count, (k) => `partial[blockIdx.x * ${count} + ${k}] = sum${k};`)} }`,
    blockSum,
  );

/** One block a weight. */
const weightGradients = (count: number) =>
  program(
    `fusion node, gradient of weights ${count}`,
    'const float* partial, const float* weights, float* dweights, int blocks, float epsilon',
    `  ${total(count)}
  float slope = 0.0f;
  for (int b = threadIdx.x; b < blocks; b += blockDim.x) slope += partial[b * ${count} + blockIdx.x];
  slope = sumBlock(slope);
  if (threadIdx.x == 0) dweights[blockIdx.x] = weights[blockIdx.x] > 0.0f ? slope / total : 0.0f;`,
    blockSum,
  );

export const fusionNodeKernels: readonly KernelConfig[] = [
  defineGlidKernel('GlidFusionNode', (backend, inputs, { count, epsilon, activation }) => {
    const maps = listMaps(inputs, count);
    const y = backend.output(maps[0]!.shape);
    const addresses = [...maps, inputs.weights, y].map((tensor) => backend.pointer(tensor));
    backend.run(forward(count, activation === 'swish'), sizeOf(y.shape), [...addresses, epsilon]);
    return y;
  }),
  defineGlidKernel('GlidFusionNodeGrad', (backend, inputs, { count, epsilon, activation }) => {
    const maps = listMaps(inputs, count);
    const gradients = maps.map(({ shape }) => backend.output(shape));
    const n = sizeOf(maps[0]!.shape);
    const blocks = Math.max(1, Math.min(Math.ceil(n / 1024), 1024));
    const [partial, dweights] = [backend.output([blocks, count]), backend.output([count])];
    const pairs = maps.flatMap((map, k) => [backend.pointer(map), backend.pointer(gradients[k]!)]);
    const [dy, weights, sums] = [inputs.dy, inputs.weights, partial].map((tensor) => backend.pointer(tensor));
    const { device } = backend;
    device.launch(mapGradients(count, activation === 'swish'), [n, ...pairs, dy!, weights!, sums!, epsilon], {
      grid: [blocks],
      block: [256],
    });
    const values = [sums!, weights!, backend.pointer(dweights), blocks, epsilon];
    device.launch(weightGradients(count), values, { grid: [count], block: [128] });
    backend.release(partial);
    return [...gradients, dweights];
  }),
];
