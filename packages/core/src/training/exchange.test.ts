import '@tensorflow/tfjs-backend-cpu';
import {
  enableProdMode,
  engine,
  memory,
  scalar,
  setBackend,
  type Tensor,
  type TensorInfo,
  tensor,
} from '@tensorflow/tfjs-core';
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

describe('collectives on the device', () => {
  /** The twins, without reading back: a library that knows the backend's memory. */
  function onDevice(sizes: number[]): Collectives {
    const changed = (t: Tensor, change: (value: number) => number): TensorInfo => {
      sizes.push(t.size);
      const dataId = engine().backend.write(t.dataSync().map(change), t.shape, 'float32');
      return { dataId, shape: t.shape, dtype: 'float32' };
    };
    return {
      ...twins([]),
      onDevice: { allReduceSum: (t) => changed(t, (value) => 2 * value), broadcast: (t) => changed(t, () => 7) },
    };
  }

  it.each([1, 5, 100])('take tensors in buckets of about %i floats, and numbers on the host', async (length) => {
    const sizes: number[] = [];
    const given = [tensor([1, 2, 3, 4], [2, 2]), tensor([5]), tensor([6, 7], [1, 2]), scalar(8)];
    const before = memory();
    const { tensors, numbers } = await sumOverRanks(onDevice(sizes), given, [0.5, 3], length);
    expect(tensors.map((t) => [t.shape, [...t.dataSync()]])).toEqual([
      [
        [2, 2],
        [2, 4, 6, 8],
      ],
      [[1], [10]],
      [
        [1, 2],
        [12, 14],
      ],
      [[], [16]],
    ]);
    expect(numbers).toEqual([1, 6]);
    expect(sizes).toEqual({ 1: [4, 1, 2, 1], 5: [5, 3], 100: [8] }[length]);
    expect(given.every((t) => t.isDisposed)).toBe(true);
    const after = memory();
    expect([after.numTensors, after.numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
    const [first] = await fromRankZero(onDevice([]), tensors);
    expect([...first!.dataSync()]).toEqual([7, 7, 7, 7]);
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
