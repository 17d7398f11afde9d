import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, setBackend, type Tensor4D, tensor1d, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { fusionNode, sinePositionValues } from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

/** What each input counts for: the answer when it alone is 1. */
async function shares(weights: number[]): Promise<number[]> {
  const found: number[] = [];
  for (const k of weights.keys()) {
    const inputs = weights.map((_, i) => tensor4d([i === k ? 1 : 0], [1, 1, 1, 1]) as Tensor4D);
    found.push((await fusionNode(inputs, tensor1d(weights), { activation: 'none' }).data())[0]!);
  }
  return found;
}

it('fuses with relu(w) / (sum + 1e-4)', async () => {
  for (const share of await shares([1, 1, 1])) expect(share).toBeCloseTo(0.3333222, 7);
  const [first, second] = await shares([2, -1]);
  expect(first).toBeCloseTo(0.99995, 6);
  expect(second).toBe(0);
});

it("gives DETR's sine code of the first of 2 x 3 cells, four numbers an axis", () => {
  const code = sinePositionValues(2, 3, 8).subarray(0, 8);
  const expected = [1.5708e-6, -1, 0.0314107, 0.9995066, 0.8660258, -0.4999994, 0.0209424, 0.9997807];
  for (const [i, value] of expected.entries()) expect(code[i]).toBeCloseTo(value, 6);
});
