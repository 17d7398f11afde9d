import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import * as tfjs from '@tensorflow/tfjs-core';
import {
  avgPool,
  enableProdMode,
  floorDiv,
  getGradient,
  grad,
  mirrorPad,
  setBackend,
  sum,
  tensor1d,
  tensor4d,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bannedOps } from '../src/index.ts';

enableProdMode();

const exported = { ...tfjs, ...tfjs.image } as Record<string, unknown>;

describe('banned operations', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it.each(bannedOps.map((op) => [op.name, op] as const))('%s exists, and its gradient is as stated', (name, op) => {
    expect(exported[name]).toBeTypeOf('function');
    expect(Object.values(exported)).toContain(op.kernel);
    expect(getGradient(op.kernel) === undefined).toBe(op.gradient === 'none');
  });

  it('are named once', () => {
    expect(new Set(bannedOps.map((op) => op.name)).size).toBe(bannedOps.length);
  });

  it('avgPool: a border pixel that is the only one of its window gets less than all of the gradient', () => {
    // 1 x 3 picture, window 2, stride 2, same: outputs (x0 + x1) / 2 and x2.
    const x = tensor4d([1, 2, 3], [1, 1, 3, 1]);
    const y = avgPool(x, [1, 2], [1, 2], 'same');
    expect(Array.from(y.dataSync())).toEqual([1.5, 3]);
    const g = grad((t) => sum(avgPool(t as typeof x, [1, 2], [1, 2], 'same')))(x);
    expect(Array.from(g.dataSync())).toEqual([0.5, 0.5, 0.5]);
  });

  it('mirrorPad: mirrored copies are not counted', () => {
    const x = tensor1d([1, 2, 3]);
    const g = grad((t) => sum(mirrorPad(t, [[1, 1]], 'reflect')))(x);
    // The derivative is [1, 3, 1].
    expect(Array.from(g.dataSync())).toEqual([1, 1, 1]);
  });

  it('floorDiv: a step function with a slope', () => {
    const x = tensor1d([3]);
    const g = grad((t) => sum(floorDiv(t, tensor1d([2]))))(x);
    expect(Array.from(g.dataSync())).toEqual([0.5]);
  });
});
