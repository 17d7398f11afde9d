import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, memory, setBackend, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { alone, type Collectives, meanOverRanks } from './collectives.ts';
import { fromRankZero, sumOverRanks } from './exchange.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

/** Two ranks that hold the same: sums double; the other rank's broadcast is all sevens. */
function twins(calls: number[]): Collectives {
  return {
    rank: 0,
    size: 2,
    async allReduceSum(values) {
      calls.push(values.length);
      for (let i = 0; i < values.length; i++) values[i]! *= 2;
    },
    broadcast(values) {
      values.fill(7);
    },
    barrier() {},
  };
}

describe('sumOverRanks', () => {
  it.each([1, 2, 3, 4, 7, 100])('sums in buckets of %i floats and keeps shapes', async (length) => {
    const calls: number[] = [];
    const given = [tensor([1, 2, 3, 4], [2, 2]), tensor([5]), tensor([6, 7], [1, 2])];
    const before = memory().numTensors;
    const { tensors, numbers } = await sumOverRanks(twins(calls), given, [0.5, 3], length);
    expect(await Promise.all(tensors.map(async (t) => [t.shape, [...(await t.data())]]))).toEqual([
      [
        [2, 2],
        [2, 4, 6, 8],
      ],
      [[1], [10]],
      [
        [1, 2],
        [12, 14],
      ],
    ]);
    expect(numbers).toEqual([1, 6]);
    expect(Math.max(...calls)).toBe(Math.min(length, 9));
    expect(calls.reduce((a, b) => a + b)).toBe(9);
    expect(memory().numTensors).toBe(before);
  });

  it('moves nothing on one rank', async () => {
    const given = [tensor([1])];
    expect(await sumOverRanks(alone, given, [2])).toEqual({ tensors: given, numbers: [2] });
    expect((await fromRankZero(alone, given))[0]).toBe(given[0]);
  });
});

it('fromRankZero replaces every value', async () => {
  const [only] = await fromRankZero(twins([]), [tensor([1, 2, 3])], 2);
  expect([...(await only!.data())]).toEqual([7, 7, 7]);
});

it('meanOverRanks divides by the number of ranks', async () => {
  expect(await meanOverRanks(twins([]), 3)).toBe(3);
  expect(await meanOverRanks(alone, 3)).toBe(3);
});
