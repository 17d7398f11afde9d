import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, grad, matMul, setBackend, sum, tensor2d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

enableProdMode();

it('registers the gradients of TensorFlow.js in Node', async () => {
  expect(await setBackend('cpu')).toBe(true);
  const x = tensor2d([1, 2, 3, 4], [2, 2]);
  const w = tensor2d([1, 0, 2, 1], [2, 2]);
  const dx = grad((t) => sum(matMul(t as typeof x, w)))(x);
  expect(Array.from(await dx.data())).toEqual([1, 3, 1, 3]);
});
