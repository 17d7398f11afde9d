import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  add,
  enableProdMode,
  keep,
  mul,
  ones,
  reshape,
  setBackend,
  square,
  tanh,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { differentiable, gelu } from '../src/index.ts';
import { checkCase, opCase } from './suite/index.ts';
import { gelu as geluExact } from './suite/reference/basic.ts';

enableProdMode();

const geluCase = (run: (x: Tensor) => Tensor) =>
  opCase({
    op: 'gelu',
    what: 'planted',
    inputs: { x: [[3, 7]] },
    outputShape: [3, 7],
    run: ({ x }) => run(x),
    reference: ({ x }) => x.map(geluExact),
  });

const tanhGelu = (x: Tensor): Tensor =>
  mul(mul(x, 0.5), add(1, tanh(mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(x, square(x))))))));

/** The right value with a gradient of our choice. */
const withGradient = (gradient: (dy: Tensor, x: Tensor) => Tensor) => (x: Tensor) =>
  differentiable(
    [x],
    (save) => {
      save([x]);
      return gelu(x);
    },
    (dy, [x]) => [gradient(dy, x!)],
  );

const leaked: Tensor[] = [];

describe('the numeric suite rejects', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it.each([
    ['another function', tanhGelu, /planted, forward: entry/],
    ['another shape', (x: Tensor) => reshape(gelu(x), [7, 3]), /shape \[7, 3\], expected \[3, 7\]/],
    ['no gradient', withGradient((_, x) => zerosLike(x)), /gradient of x: entry/],
    [
      'a gradient off by one part in a thousand',
      withGradient((dy, x) => mul(dy, mul(1.001, slope(x)))),
      /gradient of x/,
    ],
    [
      'a leak',
      (x: Tensor) => {
        leaked.push(keep(ones([1])));
        return gelu(x);
      },
      /leaves 2 tensors behind/,
    ],
  ] as const)('%s', async (_, run, message) => {
    await expect(checkCase(geluCase(run))).rejects.toThrow(message);
    for (const t of leaked.splice(0)) t.dispose();
  });

  it('and accepts the right one, with room', async () => {
    const result = await checkCase(geluCase(gelu));
    expect(result.forward).toBeLessThan(0.5);
    expect(result.gradient).toBeLessThan(0.5);
  });
});

/** The derivative of gelu, by float64 differences. */
function slope(x: Tensor): Tensor {
  const h = 1e-6;
  const values = Array.from(x.dataSync(), (v) => (geluExact(v + h) - geluExact(v - h)) / (2 * h));
  return tidy(() => reshape(mul(ones([values.length]), values), x.shape));
}
