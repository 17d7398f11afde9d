import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@glid/test-utils';
import {
  add,
  enableProdMode,
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
