import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@glid/test-utils';
import {
  add,
  enableProdMode,
  engine,
  matMul,
  mean,
  memory,
  mul,
  type Scalar,
  setBackend,
  square,
  type Tensor,
  type Tensor2D,
  tanh,
  tensor2d,
  truncatedNormal,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeTaped, tapedGradients } from './open-tape.ts';
import { recompute } from './recompute.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

type BlockParameters = { readonly a: Tensor; readonly b: Tensor };

const block = (x: Tensor, p: BlockParameters): Tensor => {
  let y = x;
  for (let i = 0; i < 6; i++) y = add(y, tanh(matMul(tanh(matMul(y as Tensor2D, p.a as Tensor2D)), p.b as Tensor2D)));
  return y;
};

const network =
  (depth: number, again: boolean) =>
  (x: Tensor, p: BlockParameters): Tensor => {
    let y = x;
    for (let i = 0; i < depth; i++) y = again ? recompute(block, y, p) : block(y, p);
    return y;
  };

describe('recompute', () => {
  it('gives the same output and the same gradients, through a chain of blocks and shared parameters', async () => {
    const inputs = [
      truncatedNormal([5, 4], 0, 1, 'float32', 1),
      truncatedNormal([4, 4], 0, 0.5, 'float32', 2),
      truncatedNormal([4, 4], 0, 0.5, 'float32', 3),
    ];
    const gradientsOf = (again: boolean) =>
      valueAndGrads((x: Tensor, a: Tensor, b: Tensor) => mean(square(network(3, again)(x, { a, b }))) as Scalar)(
        inputs,
      );
    const plain = gradientsOf(false);
    const before = memory().numTensors;
    const thrifty = gradientsOf(true);
    expect(memory().numTensors - before).toBe(4);
    expectClose(await thrifty.value.data(), await plain.value.data(), 0);
    for (const [i, gradient] of thrifty.grads.entries())
      expectClose(await gradient.data(), await plain.grads[i]!.data(), 1e-6 * 64, `gradient ${i}`);
  });

  it('may close over tensors that live only as long as the forward pass', async () => {
    const parameters = {
      a: tensor2d([
        [0.1, 0.2],
        [0.3, -0.4],
      ]),
      b: tensor2d([
        [0.5, -0.6],
        [0.7, 0.8],
      ]),
    };
    const gradientOf = async (again: boolean): Promise<Float32Array> => {
      const forward = () => {
        const mask = tensor2d([
          [1, 0],
          [0, 2],
        ]);
        const masked = (x: Tensor, p: BlockParameters): Tensor => mul(block(x, p), mask);
        const x = tensor2d([
          [1, 2],
          [3, 4],
        ]);
        return { y: again ? recompute(masked, x, parameters) : masked(x, parameters) };
      };
      const loss = ({ y }: { y: Tensor }) => ({ total: mean(square(y)) as Scalar });
      const result = await tapedGradients({ forward, assign: async () => null, loss }, [parameters.a]);
      const gradient = (await result.gradients[0]!.data()) as Float32Array;
      disposeTaped(result);
      return gradient;
    };
    const before = memory().numTensors;
    expectClose(await gradientOf(true), await gradientOf(false), 1e-5);
    expect(memory().numTensors - before).toBe(0);
  });

  it('keeps a fraction of the memory between the passes', async () => {
    const parameters = {
      a: tensor2d([
        [0.1, 0.2],
        [0.3, -0.4],
      ]),
      b: tensor2d([
        [0.5, -0.6],
        [0.7, 0.8],
      ]),
    };
    const bytesHeld = async (again: boolean): Promise<number> => {
      const before = engine().state.numBytes;
      let held = 0;
      const result = await tapedGradients(
        {
          forward: () => ({ y: network(8, again)(tensor2d(new Float32Array(2000), [1000, 2]), parameters) }),
          assign: async () => {
            held = engine().state.numBytes - before;
          },
          loss: ({ y }) => ({ total: mean(square(y)) as Scalar }),
        },
        Object.values(parameters),
      );
      disposeTaped(result);
      return held;
    };
    const plain = await bytesHeld(false);
    const thrifty = await bytesHeld(true);
    expect(thrifty).toBeLessThan(plain / 8);
  });
});
