import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import {
  add,
  enableProdMode,
  engine,
  grads,
  memory,
  ones,
  registerKernel,
  setBackend,
  sum,
  tensor1d,
  tidy,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GlidKernelName } from '../src/index.ts';
import {
  adamwStep,
  attention,
  fuseAndMix,
  fusionNode,
  gatherRows,
  gelu,
  glidKernelNames,
  globalNorm,
  groupNorm,
  hasGlidKernel,
  layerNorm,
  linear,
  linearAdd,
  linears,
  relativeWindowAttention,
  resizeBilinear,
  resizeNearest,
  samplePoints,
  squaresNorm,
  windowAttention,
} from '../src/index.ts';

enableProdMode();

interface Call {
  readonly name: string;
  readonly inputs: Record<string, readonly number[]>;
  readonly attrs: Record<string, unknown>;
}

type Outputs = (inputs: Record<string, TensorInfo>, attrs: Record<string, unknown>) => (readonly number[])[];

const shapes =
  (...names: string[]): Outputs =>
  (inputs) =>
    names.map((name) => inputs[name]!.shape);

/** The output shapes of every contract, from its inputs and attributes. */
const outputs: Record<GlidKernelName, Outputs> = {
  GlidLinear: ({ x, kernel }, { withPreactivation }) => {
    const y = [x!.shape[0]!, kernel!.shape[1]!];
    return withPreactivation ? [y, y] : [y];
  },
  GlidLinearAdd: shapes('residual'),
  GlidLinears: (inputs, { count }) =>
    Array.from({ length: count as number }, (_, k) => [inputs[`x${k}`]!.shape[0]!, inputs[`kernel${k}`]!.shape[1]!]),
  GlidColumnSum: ({ x }) => [[x!.shape[1]!]],
  GlidGelu: shapes('x'),
  GlidGeluGrad: shapes('x'),
  GlidLayerNorm: shapes('x'),
  GlidSquaresNorm: ({ x }) => [[x!.shape[0]!, x!.shape[1]! / 2, x!.shape[2]! / 2, x!.shape[3]! * 4]],
  GlidLayerNormGrad: shapes('x', 'gamma', 'gamma'),
  GlidGroupNorm: shapes('x'),
  GlidGroupNormGrad: shapes('x', 'gamma', 'gamma'),
  GlidWindowAttention: ({ qkv }) => [[...qkv!.shape.slice(0, 3), qkv!.shape[3]! / 3]],
  GlidRelativeWindowAttention: ({ qkv }) => [[...qkv!.shape.slice(0, 3), qkv!.shape[3]! / 3]],
  GlidWindowAttentionGrad: shapes('qkv', 'bias'),
  GlidAttention: shapes('q'),
  GlidAttentionGrad: shapes('q', 'k', 'v'),
  GlidFusionNode: shapes('x0'),
  GlidFuseAndMix: ({ x0 }, { size }) => [[x0!.shape[0]!, ...(size as number[]), x0!.shape[3]!]],
  GlidFusionNodeGrad: (inputs, { count }) =>
    [...Array.from({ length: count as number }, (_, k) => `x${k}`), 'weights'].map((name) => inputs[name]!.shape),
  GlidResizeBilinearGrad: ({ dy }, { inputSize }) => [[dy!.shape[0]!, ...(inputSize as number[]), dy!.shape[3]!]],
  GlidResizeNearestGrad: ({ dy }, { inputSize }) => [[dy!.shape[0]!, ...(inputSize as number[]), dy!.shape[3]!]],
  GlidSamplePoints: ({ points }) => [points!.shape.slice(0, 2)],
  GlidSamplePointsGrad: ({ points }, { mapSize }) => [[points!.shape[0]!, ...(mapSize as number[])]],
  GlidMaskCosts: ({ targets, x0 }, { count }) => {
    const y = [targets!.shape[0]!, count as number, x0!.shape[1]!];
    return [y, y];
  },
  GlidMaskReadout: ({ logits }) => {
    const [pixels, count] = logits!.shape as [number, number];
    return [[pixels, Math.ceil(count / 24)], [count], [count]];
  },
  GlidMaskContest: ({ logits }) => {
    const [pixels, count] = logits!.shape as [number, number];
    return [[pixels], [pixels], [count], [count, 2]];
  },
  GlidAdamW: (inputs, { count, overwriteMoments }) =>
    (overwriteMoments ? ['p'] : ['p', 'm', 'v']).flatMap((kind) =>
      Array.from({ length: count as number }, (_, i) => inputs[`${kind}${i}`]!.shape),
    ),
  GlidGlobalNorm: () => [[]],
};

/** Registers a kernel that records its call and answers with sevens. */
function spy(...names: GlidKernelName[]): Call[] {
  const calls: Call[] = [];
  for (const name of names) {
    registerKernel({
      kernelName: name,
      backendName: 'cpu',
      kernelFunc: ({ inputs, attrs, backend }) => {
        const given = inputs as Record<string, TensorInfo>;
        calls.push({
          name,
          inputs: Object.fromEntries(Object.entries(given).map(([key, t]) => [key, t.shape])),
          attrs: { ...attrs },
        });
        return outputs[name](given, { ...attrs }).map((shape) => {
          const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(7);
          const dataId = (backend as KernelBackend).write(values, [...shape], 'float32');
          return { dataId, shape: [...shape], dtype: 'float32' as const };
        });
      },
    });
  }
  return calls;
}

function gradients(f: (...xs: Tensor[]) => Tensor, xs: Tensor[]): Tensor[] {
  return grads((...ts: Tensor[]) => sum(f(...ts)))(xs);
}

const all7 = (t: Tensor): boolean => t.dataSync().every((value) => value === 7);

/** An op with both kernels registered: what it must hand over, forward and backward. */
interface Contract {
  readonly forward?: GlidKernelName;
  readonly backward?: GlidKernelName;
  readonly xs: () => Tensor[];
  readonly run: (...xs: Tensor[]) => Tensor;
  readonly inputs: Record<string, readonly number[]>;
  readonly attrs: Record<string, unknown>;
  readonly gradAttrs?: Record<string, unknown>;
  /** Inputs that the backward kernel does not need. */
  readonly without?: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: the ranks are those of the shapes beside
type Any = any;
const window = { heads: 2, window: [2, 3], shift: [1, 1] } as const;
const contracts: Contract[] = [
  {
    forward: 'GlidGelu',
    backward: 'GlidGeluGrad',
    xs: () => [ones([2, 3])],
    run: (x) => gelu(x!),
    inputs: { x: [2, 3] },
    attrs: {},
  },
  {
    forward: 'GlidLayerNorm',
    backward: 'GlidLayerNormGrad',
    xs: () => [ones([2, 5, 3]), ones([3]), ones([3])],
    run: (x, gamma, beta) => layerNorm(x!, gamma as Any, beta as Any, 1e-6),
    inputs: { x: [2, 5, 3], gamma: [3], beta: [3] },
    attrs: { epsilon: 1e-6 },
    without: ['beta'],
  },
  {
    forward: 'GlidGroupNorm',
    backward: 'GlidGroupNormGrad',
    xs: () => [ones([2, 5, 3, 4]), ones([4]), ones([4])],
    run: (x, gamma, beta) => groupNorm(x as Any, gamma as Any, beta as Any, 2),
    inputs: { x: [2, 5, 3, 4], gamma: [4], beta: [4] },
    attrs: { groups: 2, epsilon: 1e-5 },
    without: ['beta'],
  },
  {
    forward: 'GlidWindowAttention',
    backward: 'GlidWindowAttentionGrad',
    xs: () => [ones([1, 4, 6, 12]), ones([2, 6, 6])],
    run: (qkv, bias) => windowAttention(qkv as Any, bias as Any, { ...window, keyMask: ones([1, 4, 6]) }),
    inputs: { qkv: [1, 4, 6, 12], bias: [2, 6, 6], keyMask: [1, 4, 6] },
    attrs: { ...window },
  },
  {
    forward: 'GlidWindowAttention',
    backward: 'GlidWindowAttentionGrad',
    xs: () => [ones([1, 4, 6, 12]), ones([2, 6, 6])],
    run: (qkv, bias) => windowAttention(qkv as Any, bias as Any, window),
    inputs: { qkv: [1, 4, 6, 12], bias: [2, 6, 6] },
    attrs: { ...window },
  },
  {
    forward: 'GlidAttention',
    backward: 'GlidAttentionGrad',
    xs: () => [ones([2, 3, 4]), ones([2, 5, 4]), ones([2, 5, 4])],
    run: (q, k, v) =>
      attention(q as Any, k as Any, v as Any, { heads: 2, keyMask: ones([2, 5]), blockMask: ones([3, 5]) }),
    inputs: { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4], keyMask: [2, 5], blockMask: [3, 5] },
    attrs: { heads: 2 },
  },
  {
    forward: 'GlidAttention',
    backward: 'GlidAttentionGrad',
    xs: () => [ones([2, 3, 4]), ones([2, 5, 4]), ones([2, 5, 4])],
    run: (q, k, v) => attention(q as Any, k as Any, v as Any, { heads: 2, blockMask: ones([3, 5]) }),
    inputs: { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4], blockMask: [3, 5] },
    attrs: { heads: 2 },
  },
  {
    forward: 'GlidFusionNode',
    backward: 'GlidFusionNodeGrad',
    xs: () => [ones([1, 2, 3, 4]), ones([1, 2, 3, 4]), ones([2])],
    run: (a, b, weights) => fusionNode([a as Any, b as Any], weights as Any),
    inputs: { x0: [1, 2, 3, 4], x1: [1, 2, 3, 4], weights: [2] },
    attrs: { count: 2, epsilon: 1e-4, activation: 'swish' },
  },
  {
    backward: 'GlidResizeBilinearGrad',
    xs: () => [ones([1, 2, 3, 4])],
    run: (x) => resizeBilinear(x as Any, [5, 6], { alignCorners: true }),
    inputs: {},
    attrs: {},
    gradAttrs: { inputSize: [2, 3], alignCorners: true },
  },
  {
    backward: 'GlidResizeNearestGrad',
    xs: () => [ones([1, 2, 3, 4])],
    run: (x) => resizeNearest(x as Any, [5, 6]),
    inputs: {},
    attrs: {},
    gradAttrs: { inputSize: [2, 3] },
  },
  {
    forward: 'GlidSamplePoints',
    backward: 'GlidSamplePointsGrad',
    xs: () => [ones([2, 4, 5])],
    run: (maps) => samplePoints(maps as Any, ones([2, 3, 2])),
    inputs: { maps: [2, 4, 5], points: [2, 3, 2] },
    attrs: {},
    gradAttrs: { mapSize: [4, 5] },
    without: ['maps'],
  },
];

describe('kernels that a backend registers', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  afterEach(() => {
    for (const name of glidKernelNames) if (hasGlidKernel(name)) unregisterKernel(name, 'cpu');
  });

  it.each(contracts.map((c) => [`${c.backward} (${Object.keys(c.inputs)})`, c] as const))(
    'are used by both passes: %s',
    (_, { forward, backward, xs, run, inputs, attrs, gradAttrs, without = [] }) => {
      tidy(() => run(...xs())); // fills the cache of constants
      const before = memory().numTensors;
      tidy(() => {
        const registered = [forward, backward].filter((name) => name !== undefined);
        const calls = spy(...registered);
        const inference = run(...xs());
        if (forward) {
          expect(calls).toEqual([{ name: forward, inputs, attrs }]);
          expect(all7(inference)).toBe(true);
        }
        calls.length = 0;
        const got = gradients(run, xs());
        expect(calls.map((call) => call.name)).toEqual(registered);
        const last = calls[calls.length - 1]!;
        const kept = Object.entries(inputs).filter(([name]) => !without.includes(name));
        expect(last.inputs).toEqual({ dy: inference.shape, ...Object.fromEntries(kept) });
        expect(last.attrs).toEqual(gradAttrs ?? attrs);
        for (const [i, g] of got.entries()) {
          expect(g.shape).toEqual(xs()[i]!.shape);
          expect(all7(g)).toBe(true);
        }
      });
      expect(memory().numTensors).toBe(before);
    },
  );

  it('GlidLinear keeps the value before the activation only while a tape is open', () => {
    const before = memory().numTensors;
    tidy(() => {
      const calls = spy('GlidLinear', 'GlidGeluGrad', 'GlidColumnSum');
      const xs = [ones([2, 3, 4]), ones([4, 5]), ones([5])];
      const run = (x: Tensor, kernel: Tensor, bias: Tensor): Tensor => linear(x, kernel as Any, bias as Any, 'gelu');
      expect(run(xs[0]!, xs[1]!, xs[2]!).shape).toEqual([2, 3, 5]);
      const inputs = { x: [6, 4], kernel: [4, 5], bias: [5] };
      expect(calls).toEqual([{ name: 'GlidLinear', inputs, attrs: { activation: 'gelu', withPreactivation: false } }]);
      calls.length = 0;
      const got = gradients((x, k, b) => run(x!, k!, b!), xs);
      expect(calls).toEqual([
        { name: 'GlidLinear', inputs, attrs: { activation: 'gelu', withPreactivation: true } },
        { name: 'GlidGeluGrad', inputs: { dy: [6, 5], x: [6, 5] }, attrs: {} },
        { name: 'GlidColumnSum', inputs: { x: [6, 5] }, attrs: {} },
      ]);
      expect(got.map((g) => g.shape)).toEqual(xs.map((x) => x.shape));
      calls.length = 0;
      linear(ones([2, 4]), ones([4, 5]));
      expect(calls).toEqual([
        {
          name: 'GlidLinear',
          inputs: { x: [2, 4], kernel: [4, 5] },
          attrs: { activation: 'none', withPreactivation: false },
        },
      ]);
    });
    expect(memory().numTensors).toBe(before);
  });

  it('GlidLinearAdd takes the residual along in both passes', () => {
    tidy(() => {
      const calls = spy('GlidLinearAdd', 'GlidColumnSum');
      const xs = [ones([2, 3, 4]), ones([4, 5]), ones([5]), ones([2, 3, 5])];
      const run = (x: Tensor, k: Tensor, b: Tensor, r: Tensor): Tensor => linearAdd(x, k as Any, b as Any, r);
      const got = gradients((x, k, b, r) => run(x!, k!, b!, r!), xs);
      const inputs = { x: [6, 4], kernel: [4, 5], bias: [5], residual: [6, 5] };
      expect(calls.map(({ name }) => name)).toEqual(['GlidLinearAdd', 'GlidColumnSum']);
      expect(calls[0]).toEqual({ name: 'GlidLinearAdd', inputs, attrs: {} });
      expect(got.map((g) => g.shape)).toEqual(xs.map((x) => x.shape));
      expect(Array.from(got[3]!.dataSync())).toEqual(new Array(30).fill(1));
      expect(() => linearAdd(xs[0]!, xs[1] as Any, xs[2] as Any, ones([6, 5]))).toThrow(/linearAdd needs/);
    });
  });

  it('GlidRelativeWindowAttention takes the table; its gradient goes by way of the bias', () => {
    const [qkv, table] = [ones([1, 4, 6, 12]), ones([15, 2])];
    const run = (x: Tensor, t: Tensor): Tensor => relativeWindowAttention(x as Any, t as Any, window);
    tidy(() => gradients((x, t) => run(x!, t!), [qkv, table])); // fills the cache of constants
    tidy(() => {
      const calls = spy('GlidRelativeWindowAttention', 'GlidWindowAttentionGrad');
      const got = gradients((x, t) => run(x!, t!), [qkv, table]);
      expect(calls).toEqual([
        { name: 'GlidRelativeWindowAttention', inputs: { qkv: [1, 4, 6, 12], table: [15, 2] }, attrs: { ...window } },
        {
          name: 'GlidWindowAttentionGrad',
          inputs: { dy: [1, 4, 6, 4], qkv: [1, 4, 6, 12], bias: [2, 6, 6] },
          attrs: { ...window },
        },
      ]);
      expect(got.map((g) => g.shape)).toEqual([qkv.shape, table.shape]);
      // Seven for each pair of positions: 36 pairs a head.
      expect(Array.from(got[1]!.dataSync()).reduce((a, b) => a + b)).toBe(7 * 36 * 2);
    });
  });

  it('GlidLinears, GlidSquaresNorm and GlidFuseAndMix serve inference, and leave gradients to the parts', () => {
    tidy(() => {
      const calls = spy('GlidLinears', 'GlidFuseAndMix', 'GlidSquaresNorm');
      const [x, kernel, bias] = [ones([2, 3, 4]), ones([4, 5]), ones([5])];
      const layers = (t: Tensor): Tensor[] =>
        linears([{ x: t, added: ones([1, 3, 4]), kernel, bias } as Any, { x: t, kernel }]);
      const map = ones([1, 3, 4, 2]);
      const maps = (t: Tensor): Tensor =>
        fuseAndMix(
          [
            { map: t as Any, resampling: 'same' },
            { map: ones([1, 2, 2, 2]), resampling: 'nearest' },
          ],
          ones([2]),
          ones([3, 3, 2, 1]),
          [3, 4],
        );
      expect(layers(x).map((y) => y.shape)).toEqual([
        [2, 3, 5],
        [2, 3, 5],
      ]);
      expect(maps(map).shape).toEqual([1, 3, 4, 2]);
      const squares = (t: Tensor): Tensor => squaresNorm(t as Any, ones([8]), ones([8]));
      expect(squares(ones([1, 2, 4, 2])).shape).toEqual([1, 1, 2, 8]);
      // Odd grids are left to the parts too.
      expect(squares(ones([1, 3, 4, 2])).shape).toEqual([1, 2, 2, 8]);
      expect(calls).toEqual([
        {
          name: 'GlidLinears',
          inputs: { x0: [6, 4], added0: [3, 4], kernel0: [4, 5], bias0: [5], x1: [6, 4], kernel1: [4, 5] },
          attrs: { count: 2 },
        },
        {
          name: 'GlidFuseAndMix',
          inputs: { x0: [1, 3, 4, 2], x1: [1, 2, 2, 2], weights: [2], depthwise: [3, 3, 2, 1] },
          attrs: { count: 2, epsilon: 1e-4, size: [3, 4], resampling: ['same', 'nearest'] },
        },
        {
          name: 'GlidSquaresNorm',
          inputs: { x: [1, 2, 4, 2], gamma: [8], beta: [8] },
          attrs: { epsilon: 1e-5 },
        },
      ]);
      calls.length = 0;
      gradients((t) => add(sum(layers(t!)[0]!), sum(layers(t!)[1]!)), [x]);
      gradients((t) => maps(t!), [map]);
      gradients((t) => squares(t!), [ones([1, 2, 4, 2])]);
      expect(calls).toEqual([]);
    });
  });

  it('GlidAdamW and GlidGlobalNorm take all tensors in one call', () => {
    tidy(() => {
      const calls = spy('GlidAdamW', 'GlidGlobalNorm');
      const some = [ones([2, 3]), ones([4])];
      const scale = globalNorm(some);
      const options = { learningRates: [1, 2], weightDecays: [0, 0.1], step: 3, gradientScale: scale };
      const result = adamwStep({ parameters: some, gradients: some, m: some, v: some }, options);
      expect([result.parameters, result.m, result.v].map((list) => list.map((t) => t.shape))).toEqual(
        new Array(3).fill([[2, 3], [4]]),
      );
      const pairs = ['p', 'g', 'm', 'v'].flatMap((kind) => [
        [`${kind}0`, [2, 3]],
        [`${kind}1`, [4]],
      ]);
      expect(calls).toEqual([
        { name: 'GlidGlobalNorm', inputs: { x0: [2, 3], x1: [4] }, attrs: { count: 2 } },
        {
          name: 'GlidAdamW',
          inputs: { ...Object.fromEntries(pairs), gradientScale: [] },
          attrs: {
            count: 2,
            learningRates: [1, 2],
            weightDecays: [0, 0.1],
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            step: 3,
            overwriteMoments: false,
          },
        },
      ]);
    });
  });

  it('consumed moments are those that come back, or disposed', () => {
    tidy(() => {
      const given = (): Tensor[] => [ones([2, 3]), ones([4])];
      const options = { learningRates: [1, 2], weightDecays: [0, 0.1], step: 3 };
      const plain = adamwStep({ parameters: given(), gradients: given(), m: given(), v: given() }, options);
      const inputs = { parameters: given(), gradients: given(), m: given(), v: given() };
      const consumed = adamwStep(inputs, { ...options, consumeMoments: true });
      for (const kind of ['parameters', 'm', 'v'] as const) {
        expect(consumed[kind].map((t) => t.dataSync())).toEqual(plain[kind].map((t) => t.dataSync()));
        expect(inputs[kind].every((t) => t.isDisposed)).toBe(kind !== 'parameters');
      }
      // A kernel that overwrites them outputs parameters alone.
      spy('GlidAdamW');
      const own = { parameters: given(), gradients: given(), m: given(), v: given() };
      const overwritten = adamwStep(own, { ...options, consumeMoments: true });
      expect([overwritten.m, overwritten.v]).toEqual([own.m, own.v]);
      expect(own.m[0]!.isDisposed).toBe(false);
    });
  });

  it('leaves gatherRows to tfjs', () => {
    spy(...glidKernelNames);
    const y = tidy(() => gatherRows(ones([3, 2]), tensor1d([2, 0], 'int32')));
    expect(Array.from(y.dataSync())).toEqual([1, 1, 1, 1]);
    y.dispose();
  });

  it('keeps nothing for a gradient outside of a tape', () => {
    spy(...glidKernelNames);
    const xs = [ones([2, 5, 3]), ones([3]), ones([3])];
    const before = engine().state.numTensors;
    layerNorm(xs[0]!, xs[1] as Any, xs[2] as Any).dispose();
    expect(engine().state.numTensors).toBe(before);
    for (const x of xs) x.dispose();
  });
});
