import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { programOf } from './program.ts';
import { checkTensorUse } from './tensor-use.ts';

const path = resolve('packages/ops/src/planted.ts');
const banned = [{ name: 'einsum', reason: 'no gradient', instead: 'matMul' }];
const check = (text: string) =>
  checkTensorUse(programOf(resolve('tsconfig.json'), { [path]: text }), (file) => file === path, banned).map(
    (violation) => violation.message,
  );

it('rejects each kind of planted violation, and only those', () => {
  const messages = check(`
import * as tf from '@tensorflow/tfjs-core';
import { add, einsum, type Tensor } from '@tensorflow/tfjs-core';
export function f(x: Tensor, y: Tensor): Tensor {
  x.dataSync();
  const z = x.mul(y);
  einsum('ij,jk->ik', x, y);
  einsum('ij,jk->ik', x, y); // allow-op einsum: not differentiated
  return add(z, x.clone());
}
export const n = tf.memory().numTensors;
const einsumOfMine = [1].map((v) => v);
export { einsumOfMine };
`);
  expect(messages).toEqual([
    expect.stringContaining('namespace import'),
    expect.stringContaining('dataSync() blocks'),
    expect.stringContaining('chained method .mul()'),
    expect.stringContaining('einsum: no gradient'),
  ]);
});
