import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, memory, setBackend, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { outputSpread } from './spread.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

describe('outputSpread', () => {
  it('is zero over pictures when every picture gets the same boxes', async () => {
    const output = tensor([1, 2, 3, 4, 1, 2, 3, 4], [2, 2, 2]);
    const before = memory().numTensors;
    expect(await outputSpread(output)).toEqual({ overPictures: 0, overQueries: 1 });
    expect(memory().numTensors).toBe(before);
  });

  it('is zero over queries when all queries are equal', async () => {
    const output = tensor([1, 2, 1, 2, 5, 10, 5, 10], [2, 2, 2]);
    expect(await outputSpread(output)).toEqual({ overPictures: 3, overQueries: 0 });
  });

  it('has no query figure without a query axis', async () => {
    expect(await outputSpread(tensor([0, 4], [2, 1]))).toEqual({ overPictures: 2, overQueries: null });
  });
});
