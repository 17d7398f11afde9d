import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  add,
  clone,
  enableProdMode,
  engine,
  grad,
  grads,
  keep,
  memory,
  mul,
  ones,
  reshape,
  setBackend,
  square,
  sum,
  tensor1d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attention,
  dropPath,
  gelu,
  layerNorm,
  linear,
  relativePositionBias,
  stopGradient,
  windowAttention,
  withoutGradient,
} from '../src/index.ts';

enableProdMode();

/** A small block: bias, window attention, norm, two dense layers, attention over the positions. */
function block(x: Tensor4D, [qkv, table, gamma, kernel, bias]: Tensor[]): Tensor {
  const positions = relativePositionBias(table as Tensor2D, [2, 2]);
  const options = { heads: 2, window: [2, 2], shift: [1, 1], keyMask: ones([1, 4, 4]) as Tensor3D } as const;
  const mixed = windowAttention(linear(x, qkv as Tensor2D), positions, options);
  const normal = layerNorm(add(x, dropPath(mixed, [1], 0.5)), gamma as Tensor1D, mul(gamma!, 0.5) as Tensor1D);
  const dense = linear(normal as Tensor4D, kernel as Tensor2D, bias as Tensor1D, 'gelu');
  const sequence = reshape(dense, [1, 16, 4]) as Tensor3D;
  return sum(square(attention(sequence, sequence, sequence, { heads: 2 })));
}

const parameters = (): Tensor[] => [ones([4, 12]), ones([9, 2]), ones([4]), ones([4, 4]), ones([4])];

describe('the tape', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it('leaves nothing behind: twice in one tidy, outside of tidy, and with a tape that is open across scopes', () => {
    const x = ones([1, 4, 4, 4]) as Tensor4D;
    const ps = parameters();
    tidy(() => grads((...list: Tensor[]) => block(x, list))(ps)); // fills the cache of constants
    const before = memory().numTensors;

    tidy(() => {
      for (let i = 0; i < 2; i++) grads((...list: Tensor[]) => block(x, list))(ps);
    });
    expect(memory().numTensors).toBe(before);

    const { value, grads: got } = valueAndGrads((...list: Tensor[]) => block(x, list))(ps);
    expect(memory().numTensors).toBe(before + 1 + ps.length);
    for (const t of [value, ...got]) t.dispose();
    expect(memory().numTensors).toBe(before);

    engine().startScope('step');
    const kept = keep(clone(tidy(() => grads((...list: Tensor[]) => block(x, list))(ps)[0]!)));
    engine().endScope();
    expect(kept.isDisposed).toBe(false);
    kept.dispose();
    expect(memory().numTensors).toBe(before);
    for (const t of [x, ...ps]) t.dispose();
  });

  it('saves masks that live only inside the differentiated function', () => {
    const q = ones([1, 2, 4]) as Tensor3D;
    const before = memory().numTensors;
    const g = grad((t) =>
      sum(square(attention(t as Tensor3D, q, q, { heads: 2, keyMask: ones([1, 2]), blockMask: ones([2, 2]) }))),
    )(q);
    expect(Array.from(g.dataSync()).every(Number.isFinite)).toBe(true);
    g.dispose();
    expect(memory().numTensors).toBe(before);
    q.dispose();
  });

  it('adds up the gradients of a tensor that is used by several operations', () => {
    const g = tidy(() => grad((x) => sum(add(gelu(x), mul(gelu(x), 2))))(tensor1d([0])));
    expect(Array.from(g.dataSync())).toEqual([1.5]);
    g.dispose();
  });

  it('stops at stopGradient and withoutGradient', () => {
    tidy(() => {
      const x = tensor1d([2, 3]);
      const g = grad((t) =>
        sum(
          add(
            mul(t, stopGradient(t)),
            withoutGradient(() => square(t)),
          ),
        ),
      )(x);
      expect(Array.from(g.dataSync())).toEqual([2, 3]);
      expect(() => grad((t) => sum(stopGradient(t)))(x)).toThrow(/Cannot compute gradient/);
    });
  });
});
