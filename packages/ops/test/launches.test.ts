import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import { add, enableProdMode, getKernel, grads, ones, profile, setBackend, sum } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adamwStep,
  attention,
  layerNorm,
  linear,
  resizeBilinear,
  resizeNearest,
  stopGradient,
  windowAttention,
} from '../src/index.ts';

enableProdMode();

/** Kernels that only rename memory. */
const free = new Set(['Reshape', 'Identity', 'ExpandDims']);

/** Names of the kernels that `run` launches, in order. */
async function launches(run: () => Tensor | Tensor[]): Promise<string[]> {
  run(); // constants
  const { kernels } = await profile(run as () => Tensor);
  return kernels.map((k) => k.name).filter((name) => getKernel(name, 'cpu') !== undefined && !free.has(name));
}

// biome-ignore lint/suspicious/noExplicitAny: the ranks are those of the shapes beside
type Any = any;

/** The launches of the gradient alone: without the forward pass and the `sum` around it. */
async function backward(f: (...xs: Any[]) => Tensor, xs: Tensor[]): Promise<string[]> {
  const forward = await launches(() => f(...xs));
  const both = await launches(() => grads((...ts: Tensor[]) => sum(f(...ts)))(xs));
  expect(both.slice(0, forward.length + 2)).toEqual([...forward, 'Sum', 'Multiply']);
  return both.slice(forward.length + 2);
}

describe('launches of the decompositions', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it('linear', async () => {
    const xs = [ones([2, 3, 4]), ones([4, 5]), ones([5])];
    const run = (x: Any, k: Any, b: Any): Tensor => linear(x, k, b);
    expect(await launches(() => run(xs[0], xs[1], xs[2]))).toEqual(['_FusedMatMul']);
    expect(await backward(run, xs)).toEqual(['BatchMatMul', 'BatchMatMul', 'Sum']);
    const withRelu = (x: Any, k: Any, b: Any): Tensor => linear(x, k, b, 'relu');
    expect(await launches(() => withRelu(xs[0], xs[1], xs[2]))).toEqual(['_FusedMatMul']);
    expect(await launches(() => linear(xs[0] as Any, xs[1] as Any))).toEqual(['BatchMatMul']);
  });

  it('layerNorm', async () => {
    const xs = [ones([2, 3, 4]), ones([4]), ones([4])];
    const run = (x: Any, g: Any, b: Any): Tensor => layerNorm(x, g, b);
    const statistics = ['Mean', 'Sub', 'Square', 'Mean', 'Add', 'Rsqrt', 'Multiply'];
    expect(await launches(() => run(xs[0], xs[1], xs[2]))).toEqual([...statistics, 'Multiply', 'Add']);
    const gradient = await backward(run, xs);
    expect(gradient.slice(0, 7)).toEqual(statistics);
    expect(gradient.length).toBe(18);
  });

  it('windowAttention: one gather each way whatever the shift, one addition more when shifted', async () => {
    const [qkv, bias] = [ones([2, 14, 14, 24]), ones([2, 49, 49])];
    const run = (q: Any, b: Any, shift = 0): Tensor =>
      windowAttention(q, b, { heads: 2, window: [7, 7], shift: [shift, shift] });
    const plain = await launches(() => run(qkv, bias));
    expect(plain).toEqual(
      'GatherV2 Transpose Slice Multiply Slice BatchMatMul Add Slice Softmax BatchMatMul Transpose GatherV2'.split(' '),
    );
    const shifted = await launches(() => run(qkv, bias, 3));
    expect(shifted.length).toBe(plain.length + 1);
    expect(shifted.filter((name) => name === 'GatherV2').length).toBe(2);
    expect((await backward(run, [qkv, bias])).length).toBe(24);
  });

  it('windowAttention on windows as wide as the map needs no gather', async () => {
    const run = (): Tensor =>
      windowAttention(ones([1, 4, 3, 12]) as Any, ones([2, 6, 6]) as Any, { heads: 2, window: [2, 3], shift: [0, 0] });
    expect(await launches(run)).not.toContain('GatherV2');
  });

  it('attention', async () => {
    const [q, k] = [ones([2, 3, 8]), ones([2, 5, 8])];
    expect(await launches(() => attention(q as Any, k as Any, k as Any, { heads: 2 }))).toEqual(
      'Multiply Transpose Transpose Transpose BatchMatMul Softmax BatchMatMul Transpose'.split(' '),
    );
  });

  it('resize: one kernel forward, two products backward', async () => {
    const x = ones([1, 3, 4, 2]);
    const bilinear = (t: Any): Tensor => resizeBilinear(t, [5, 6]);
    const nearest = (t: Any): Tensor => resizeNearest(t, [5, 6]);
    expect(await launches(() => bilinear(x))).toEqual(['ResizeBilinear']);
    expect(await launches(() => nearest(x))).toEqual(['GatherV2']);
    expect(await backward(bilinear, [x])).toEqual(['BatchMatMul', 'BatchMatMul']);
    expect(await backward(nearest, [x])).toEqual(['BatchMatMul', 'BatchMatMul']);
  });

  it('stopGradient costs nothing in the gradient', async () => {
    const x = ones([3]);
    expect(await launches(() => stopGradient(x))).toEqual([]);
    expect(await backward((t: Any) => add(t, stopGradient(t)), [x])).toEqual([]);
  });

  it('adamwStep: fourteen a parameter', async () => {
    const list = [ones([3]), ones([2])];
    const options = { learningRates: [1, 1], weightDecays: [0, 0], step: 1 };
    const run = (): Tensor[] => adamwStep({ parameters: list, gradients: list, m: list, v: list }, options).parameters;
    expect((await launches(run)).length).toBe(28);
  });
});
