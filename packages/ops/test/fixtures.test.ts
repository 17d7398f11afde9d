import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { FixtureTensor } from '@glid/test-utils';
import { expectClose, expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  add,
  concat,
  conv2d,
  depthwiseConv2d,
  enableProdMode,
  eye,
  grads,
  maxPool,
  memory,
  mul,
  reshape,
  setBackend,
  slice,
  sum,
  tensor,
  tidy,
  tile,
  transpose,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adamwStep,
  attention,
  attentionWeights,
  clipFactor,
  gelu,
  globalNorm,
  groupNorm,
  layerNorm,
  linear,
  resizeBilinear,
  resizeNearest,
  sinePosition,
  swish,
} from '../src/index.ts';

enableProdMode();

const toTensor = <T extends Tensor>(t: FixtureTensor): T =>
  tensor(Float32Array.from(t.data), [...t.shape], 'float32') as T;
const nhwc = (t: FixtureTensor): Tensor4D => transpose(toTensor<Tensor4D>(t), [0, 2, 3, 1]);
const nchw = (t: Tensor): Tensor => transpose(t, [0, 3, 1, 2]);

describe.skipIf(!hasShared)(`reference numbers (${withoutShared})`, () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  function check(got: Tensor, expected: FixtureTensor): void {
    expect(got.shape).toEqual([...expected.shape]);
    expectFixture(got.dataSync(), expected);
  }

  it.each(['mha-self'])('attention: %s', (name) => {
    const f = loadFixture('blocks', name);
    const before = memory().numTensors;
    tidy(() => {
      const heads: number = f.config.heads;
      const keyMask = tensor(
        Float32Array.from(f.tensor('key_padding_mask').data, (ignored) => 1 - ignored),
        [...f.tensor('key_padding_mask').shape] as [number, number],
      ) as Tensor2D;
      const inputs = ['query', 'key', 'value', 'in_proj_weight', 'in_proj_bias', 'out_proj.weight', 'out_proj.bias'];
      const cotangent = toTensor(f.tensor('cotangent'));
      const project = (x: Tensor, w: Tensor, b: Tensor, part: number): Tensor3D => {
        const c = x.shape[2]!;
        const kernel = transpose(slice(w, [part * c, 0], [c, c])) as Tensor2D;
        return linear(x as Tensor3D, kernel, slice(b, part * c, c) as Tensor1D);
      };
      const run = (...xs: Tensor[]): Tensor => {
        const [q, k, v, w, b, wo, bo] = xs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor2D, Tensor1D];
        const out = attention(project(q, w, b, 0), project(k, w, b, 1), project(v, w, b, 2), { heads, keyMask });
        return linear(out, transpose(wo), bo);
      };
      const xs = inputs.map((n) => toTensor(f.tensor(n)));
      check(run(...xs), f.tensor('out'));
      const weights = attentionWeights(project(xs[0]!, xs[3]!, xs[4]!, 0), project(xs[1]!, xs[3]!, xs[4]!, 1), {
        heads,
        keyMask,
      });
      check(weights, f.tensor('weights'));
      const g = grads((...ts: Tensor[]) => sum(mul(run(...ts), cotangent)))(xs);
      inputs.forEach((n, i) => {
        check(g[i]!, f.tensor(`grad:${n}`));
      });
    });
    expect(memory().numTensors).toBe(before);
  });

  /**
   * The cross case adds an arbitrary mask to the logits. `attention` has none, but the mask M is itself a product of one-hot queries with
   * columns of M: heads widened by one channel a query give the same logits.
   */
  it('attention: mha-cross', () => {
    const f = loadFixture('blocks', 'mha-cross');
    const heads: number = f.config.heads;
    const [batch, queries, embed] = f.tensor('query').shape as [number, number, number];
    const keys = f.tensor('key').shape[1]!;
    const size = embed / heads;
    const wide = size + queries;
    const before = memory().numTensors;
    tidy(() => {
      const padding = f.tensor('key_padding_mask');
      const keyMask = tensor(
        Float32Array.from(padding.data, (p) => 1 - p),
        [batch, keys],
      ) as Tensor2D;
      const mask = transpose(toTensor<Tensor2D>(f.tensor('attn_mask')));
      const oneHot = eye(queries);
      /** `[B, L, heads * size]` and `[L, queries]` -> `[B, L, heads * (size + queries)]`. */
      const widen = (x: Tensor, factor: number, more: Tensor): Tensor3D => {
        const length = x.shape[1]!;
        const split = mul(reshape(x, [batch, length, heads, size]), factor);
        const added = tile(reshape(more, [1, length, 1, queries]), [batch, 1, heads, 1]);
        return reshape(concat([split, added], 3), [batch, length, heads * wide]);
      };
      const project = (x: Tensor, w: Tensor, b: Tensor, part: number): Tensor3D => {
        const kernel = transpose(slice(w, [part * embed, 0], [embed, embed])) as Tensor2D;
        return linear(x as Tensor3D, kernel, slice(b, part * embed, embed) as Tensor1D);
      };
      const run = (...xs: Tensor[]): Tensor => {
        const [q, k, v, w, b, wo, bo] = xs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor2D, Tensor1D];
        const wideQ = widen(project(q, w, b, 0), Math.sqrt(wide / size), mul(oneHot, Math.sqrt(wide)));
        const wideK = widen(project(k, w, b, 1), 1, mask);
        const wideV = widen(project(v, w, b, 2), 1, mul(mask, 0));
        const out = reshape(attention(wideQ, wideK, wideV, { heads, keyMask }), [batch, queries, heads, wide]);
        return linear(reshape(slice(out, 0, [-1, -1, -1, size]), [batch, queries, embed]), transpose(wo), bo);
      };
      const inputs = ['query', 'key', 'value', 'in_proj_weight', 'in_proj_bias', 'out_proj.weight', 'out_proj.bias'];
      const xs = inputs.map((n) => toTensor(f.tensor(n)));
      check(run(...xs), f.tensor('out'));
      const cotangent = toTensor(f.tensor('cotangent'));
      const g = grads((...ts: Tensor[]) => sum(mul(run(...ts), cotangent)))(xs);
      inputs.forEach((n, i) => {
        check(g[i]!, f.tensor(`grad:${n}`));
      });
    });
    expect(memory().numTensors).toBe(before);
  });

  it.each([
    ['k3s1p1', 3, 1, 'same'],
    ['k3s2p1', 3, 2, 1],
    ['k4s4p0', 4, 4, 'valid'],
    ['k1s1p0', 1, 1, 'valid'],
    ['dw3', 3, 1, 'same'],
  ] as const)("tfjs's convolution and its gradients: %s", (name, _size, stride, pad) => {
    const f = loadFixture('blocks', 'conv-norm');
    tidy(() => {
      const depthwise = name === 'dw3';
      const filter = transpose(
        toTensor<Tensor4D>(f.tensor(`conv.${name}.weight`)),
        depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0],
      );
      const xs = [nhwc(f.tensor('x')), filter, toTensor(f.tensor(`conv.${name}.bias`))];
      const run = (x: Tensor, w: Tensor, b: Tensor): Tensor => {
        const y = depthwise
          ? depthwiseConv2d(x as Tensor4D, w as Tensor4D, stride, pad)
          : conv2d(x as Tensor4D, w as Tensor4D, stride, pad);
        return add(y, b);
      };
      check(nchw(run(xs[0]!, xs[1]!, xs[2]!)), f.tensor(`conv.${name}`));
      const cotangent = nhwc(f.tensor(`conv.${name}.cotangent`));
      const g = grads((x, w, b) => sum(mul(run(x!, w!, b!), cotangent)))(xs);
      check(nchw(g[0]!), f.tensor(`grad.conv.${name}.x`));
      check(transpose(g[1]!, depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]), f.tensor(`grad.conv.${name}.weight`));
      check(g[2]!, f.tensor(`grad.conv.${name}.bias`));
    });
  });

  it("tfjs's max pooling: 3 x 3, stride 2, padding 1", () => {
    const f = loadFixture('blocks', 'conv-norm');
    tidy(() => {
      check(nchw(maxPool(nhwc(f.tensor('x')), 3, 2, 1)), f.tensor('pool.max3s2p1'));
    });
  });

  it.each([1e-5, 1e-6])('layerNorm: eps %s', (eps) => {
    const f = loadFixture('blocks', 'layernorm');
    const key = `eps${eps === 1e-5 ? '1e-05' : '1e-06'}`;
    tidy(() => {
      const xs = ['x', 'weight', 'bias'].map((n) => toTensor(f.tensor(n)));
      const run = (x: Tensor, w: Tensor, b: Tensor): Tensor => layerNorm(x, w as Tensor1D, b as Tensor1D, eps);
      check(run(xs[0]!, xs[1]!, xs[2]!), f.tensor(`out.${key}`));
      const cotangent = toTensor(f.tensor('cotangent'));
      const from1 = (t: Tensor): Tensor => slice(t, [1, 0, 0]);
      const g = grads((x, w, b) => sum(mul(from1(run(x!, w!, b!)), from1(cotangent))))(xs);
      check(g[0]!, f.tensor(`grad.x.${key}`));
      check(g[1]!, f.tensor(`grad.weight.${key}`));
      check(g[2]!, f.tensor(`grad.bias.${key}`));
    });
  });

  it.each([
    ['gelu_erf', gelu],
    ['silu', swish],
  ] as const)('elementwise: %s', (name, op) => {
    const f = loadFixture('blocks', 'elementwise');
    tidy(() => {
      const x = toTensor(f.tensor('x'));
      const w = toTensor(f.tensor('w'));
      check(op(x), f.tensor(name));
      check(grads((t) => sum(mul(w, op(t!))))([x])[0]!, f.tensor(`grad.${name}`));
    });
  });

  it.each(['18x26', '27x20', '5x7', '9x31', '1x1'])('resize to %s', (size) => {
    const f = loadFixture('blocks', 'resize');
    const to = size.split('x').map(Number) as [number, number];
    const modes: [string, (x: Tensor) => Tensor][] = [
      ['nearest', (x) => resizeNearest(x as Tensor4D, to)],
      ['bilinear.ac0', (x) => resizeBilinear(x as Tensor4D, to)],
      ['bilinear.ac1', (x) => resizeBilinear(x as Tensor4D, to, { alignCorners: true })],
    ];
    for (const [mode, op] of modes) {
      tidy(() => {
        const x = nhwc(f.tensor('x'));
        const cotangent = nhwc(f.tensor(`cotangent.${mode}.${size}`));
        check(nchw(op(x)), f.tensor(`${mode}.${size}`));
        check(nchw(grads((t) => sum(mul(op(t!), cotangent)))([x])[0]!), f.tensor(`grad.${mode}.${size}`));
      });
    }
  });

  it('groupNorm', () => {
    const f = loadFixture('blocks', 'conv-norm');
    tidy(() => {
      const y = groupNorm(nhwc(f.tensor('x')), toTensor(f.tensor('gn.weight')), toTensor(f.tensor('gn.bias')), 3);
      check(nchw(y), f.tensor('gn.3'));
    });
  });

  it.each([true, false])('sine position: normalised %s', (normalize) => {
    const f = loadFixture('blocks', 'sine-position');
    tidy(() => {
      const padding = f.tensor('mask');
      const [batch, height, width] = padding.shape as [number, number, number];
      const mask = tensor(
        Float32Array.from(padding.data, (p) => 1 - p),
        [batch, height, width],
      ) as Tensor3D;
      const y = sinePosition(height, width, 2 * f.config.num_pos_feats, { normalize, mask });
      check(nchw(y), f.tensor(normalize ? 'normalised' : 'plain'));
    });
  });

  it.each([false, true])('AdamW: clipped %s', (clipped) => {
    const f = loadFixture('blocks', 'optimisers');
    const prefix = clipped ? 'adamw.clip' : 'adamw';
    tidy(() => {
      let parameters = [0, 1, 2].map((i) => toTensor(f.tensor(`p${i}`)));
      let m = parameters.map((p) => mul(p, 0));
      let v = parameters.map((p) => mul(p, 0));
      for (let step = 0; step < 6; step++) {
        const gradients = [0, 1, 2].map((i) => toTensor(f.tensor(`g${i}.step${step}`)));
        const norm = globalNorm(gradients);
        const expected = f.scalars[`adamw.clip.norm.step${step}`]!.value;
        expectClose(norm.dataSync(), [expected], 1e-5 * expected, 'norm');
        const options = { learningRates: [3e-3, 1e-3, 1e-3], weightDecays: [0.05, 0, 0], step: step + 1 };
        ({ parameters, m, v } = adamwStep(
          { parameters, gradients, m, v },
          clipped ? { ...options, gradientScale: clipFactor(norm, 1) } : options,
        ));
        if (step === 0) for (const [i, p] of parameters.entries()) check(p, f.tensor(`${prefix}.p${i}.after1`));
      }
      for (const [i, p] of parameters.entries()) check(p, f.tensor(`${prefix}.p${i}.after6`));
    });
  });
});
