import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@glid/test-utils';
import { enableProdMode, memory, setBackend, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { updateAverage } from './ema.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

it('follows quickly at first, then at the given decay, and leaves the inputs alone', async () => {
  const average = { a: tensor([1, 10]) };
  const weights = { a: tensor([3, 20]), frozen: tensor([0]) };
  const before = memory().numTensors;
  const young = updateAverage(average, weights, 0, { decay: 0.9 });
  expectClose(await young.a!.data(), [0.1 * 1 + 0.9 * 3, 0.1 * 10 + 0.9 * 20], 1e-5);
  const old = updateAverage(average, weights, 1e6, { decay: 0.9 });
  expectClose(await old.a!.data(), [1.2, 11], 1e-5);
  expect(Object.keys(old)).toEqual(['a']);
  expect(memory().numTensors - before).toBe(2);
});
