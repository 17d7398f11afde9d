import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@glid/test-utils';
import {
  add,
  clone,
  customGrad,
  enableProdMode,
  engine,
  matMul,
  memory,
  mul,
  type Scalar,
  scalar,
  setBackend,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tanh,
  tensor,
  tensor2d,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeTaped, type TapedLoss, tapedGradients } from './open-tape.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

interface Net {
  readonly w: Tensor;
  readonly v: Tensor;
  readonly unused: Tensor;
}

const makeNet = (): Net => ({
  w: tensor2d([
    [0.5, -1.25],
    [0.75, 0.25],
  ]),
  v: tensor2d([[0.3], [-0.7]]),
  unused: tensor([1, 2]),
});
const picture = [
  [1, -1],
  [2, 0.5],
  [0.1, 0.9],
];

/** The target is picked from the read-back outputs, as matching does. */
function matched(
  net: Net,
  meanwhile: () => Promise<void> = async () => {},
): TapedLoss<{ y: Tensor; x: Tensor }, number[], { total: Scalar; terms: Record<string, Scalar> }> {
  return {
    forward() {
      const x = tensor2d(picture);
      return { x, y: matMul(tanh(matMul(x, net.w as never)), net.v as never) };
    },
    async assign({ y }) {
      await meanwhile();
      return Array.from(await y.data(), (value) => (value > 0 ? 1 : -1));
    },
    loss({ y }, targets) {
      const fit = sum(square(sub(y, tensor2d(targets, [3, 1])))) as Scalar;
      const small = mul(sum(square(net.w)), 0.1) as Scalar;
      return { total: add(fit, small) as Scalar, terms: { fit, small } };
    },
  };
}

/** Both parts on one closed tape with the assignment known beforehand. */
async function closedTape(net: Net): Promise<{ value: number; grads: Float32Array[] }> {
  const probe = matched(net);
  const forwarded = probe.forward();
  const targets = await probe.assign(forwarded);
  for (const t of Object.values(forwarded)) t.dispose();
  const { value, grads } = valueAndGrads((w: Tensor, v: Tensor) => {
    const inner = matched({ w, v, unused: net.unused });
    return inner.loss(inner.forward(), targets).total;
  })([net.w, net.v]);
  const out = {
    value: (await value.data())[0]!,
    grads: await Promise.all(grads.map(async (g) => (await g.data()) as Float32Array)),
  };
  value.dispose();
  for (const g of grads) g.dispose();
  return out;
}

describe.each([
  ['one pass', true],
  ['two passes', false],
])('tapedGradients, %s', (_, pausing) => {
  it('equals the closed tape, gives null where nothing depends, and leaks nothing', async () => {
    const net = makeNet();
    const expected = await closedTape(net);
    const before = memory().numTensors;
    const result = await tapedGradients(matched(net), [net.w, net.v, net.unused], pausing);
    expectClose(await result.loss.total.data(), [expected.value], 1e-6);
    expectClose(await result.gradients[0]!.data(), expected.grads[0]!, 1e-6);
    expectClose(await result.gradients[1]!.data(), expected.grads[1]!, 1e-6);
    expect(result.gradients[2]).toBeNull();
    const { fit, small } = result.loss.terms;
    expectClose(await result.loss.total.data(), [(await fit!.data())[0]! + (await small!.data())[0]!], 1e-6);
    expect(await result.forwarded.y.data()).toHaveLength(3);
    disposeTaped(result);
    expect(memory().numTensors).toBe(before);
    expect(net.w.isDisposed).toBe(false);
  });

  it('lets others compute and even differentiate while it awaits', async () => {
    const net = makeNet();
    const expected = await closedTape(net);
    let other: Tensor | undefined;
    let otherLoss = 0;
    const result = await tapedGradients(
      matched(net, async () => {
        other = mul(net.w, 3);
        const inner = await tapedGradients(matched(net), [net.w], pausing);
        otherLoss = (await inner.loss.total.data())[0]!;
        disposeTaped(inner);
      }),
      [net.w, net.v],
      pausing,
    );
    expectClose(await result.gradients[0]!.data(), expected.grads[0]!, 1e-6);
    expect(otherLoss).toBeCloseTo(expected.value, 5);
    expect(other!.isDisposed).toBe(false);
    expectClose(
      await other!.data(),
      (await net.w.data()).map((x) => 3 * x),
      1e-6,
    );
    disposeTaped(result);
  });
});

describe('memory of the backward pass', () => {
  it('frees what it has used: the peak is hardly above what the forward pass holds', async () => {
    const peaks = async (pausing: boolean): Promise<{ forward: number; backward: number; gradient: Float32Array }> => {
      const w = tensor2d([
        [0.9, 0.1],
        [0.1, 0.9],
      ]);
      const before = engine().state.numBytes;
      let forward = 0;
      let backward = 0;
      // Looks at the memory each time the backward pass comes by.
      const watched = customGrad((...inputs) => ({
        value: clone(inputs[0] as Tensor),
        gradFunc: (dy: Tensor) => {
          backward = Math.max(backward, engine().state.numBytes - before);
          return mul(dy, 1);
        },
      }));
      const result = await tapedGradients(
        {
          forward() {
            let x: Tensor = tensor2d(new Float32Array(2000).fill(0.5), [1000, 2]);
            for (let i = 0; i < 20; i++) x = watched(tanh(matMul(x as Tensor2D, w)));
            return { x };
          },
          async assign() {
            forward = engine().state.numBytes - before;
          },
          loss: ({ x }) => ({ total: sum(square(x)) as Scalar }),
        },
        [w],
        pausing,
      );
      const gradient = (await result.gradients[0]!.data()) as Float32Array;
      disposeTaped(result);
      w.dispose();
      return { forward, backward, gradient };
    };
    const own = await peaks(true);
    const stock = await peaks(false);
    expectClose(own.gradient, stock.gradient, 0);
    expect(own.backward).toBeLessThan(1.3 * own.forward);
    expect(stock.backward).toBeGreaterThan(1.8 * own.forward);
  });

  it('survives a gradient that hands its dy on', async () => {
    const same = customGrad((...inputs) => ({ value: clone(inputs[0] as Tensor), gradFunc: (dy: Tensor) => dy }));
    const w = tensor([2, 3]);
    const result = await tapedGradients(
      {
        forward: () => ({ y: same(same(mul(w, w))) }),
        assign: async () => null,
        loss: ({ y }) => ({ total: sum(same(y)) as Scalar }),
      },
      [w],
    );
    expectClose(await result.gradients[0]!.data(), [4, 6], 0);
    disposeTaped(result);
  });
});

describe('tapedGradients', () => {
  it('does not dispose a parameter that is passed through', async () => {
    const w = scalar(2);
    const result = await tapedGradients(
      { forward: () => ({ w }), assign: async () => null, loss: ({ w: same }) => ({ total: square(same) as Scalar }) },
      [w],
    );
    expectClose(await result.gradients[0]!.data(), [4], 0);
    disposeTaped(result);
    expect(w.isDisposed).toBe(false);
  });

  it.each(['forward', 'assign', 'loss'] as const)(
    'leaves the engine usable and nothing behind when %s throws',
    async (part) => {
      const net = makeNet();
      const expected = await closedTape(net);
      const before = memory().numTensors;
      const broken = {
        ...matched(net),
        [part]: () => {
          square(net.w).dispose();
          throw new Error('broken on purpose');
        },
      };
      await expect(tapedGradients(broken, [net.w])).rejects.toThrow('broken on purpose');
      expect(memory().numTensors).toBe(before);
      const again = await tapedGradients(matched(net), [net.w]);
      expectClose(await again.gradients[0]!.data(), expected.grads[0]!, 1e-6);
      disposeTaped(again);
    },
  );
});
