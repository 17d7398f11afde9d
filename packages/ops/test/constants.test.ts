import '@tensorflow/tfjs-backend-cpu';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  enableProdMode,
  memory,
  registerBackend,
  removeBackend,
  setBackend,
  tensor1d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { constantsInUse, constantTensor, disposeConstants } from '../src/index.ts';

enableProdMode();

const built: string[] = [];
const constant = (key: string, values = [1, 2, 3]): Tensor =>
  constantTensor(key, () => {
    built.push(key);
    return tensor1d(values);
  });

describe('constantTensor', () => {
  beforeEach(async () => {
    expect(await setBackend('cpu')).toBe(true);
    built.length = 0;
  });
  afterEach(() => disposeConstants('all'));

  it('builds once and survives tidy', () => {
    const before = memory().numTensors;
    const first = tidy(() => {
      constant('a');
      return undefined;
    });
    expect(first).toBeUndefined();
    const again = constant('a');
    expect(built).toEqual(['a']);
    expect(again.isDisposed).toBe(false);
    expect(Array.from(again.dataSync())).toEqual([1, 2, 3]);
    expect(memory().numTensors).toBe(before + 1);
    expect(constantsInUse()).toEqual({ count: 1, bytes: 12 });
    disposeConstants();
    expect(memory().numTensors).toBe(before);
    expect(constantsInUse()).toEqual({ count: 0, bytes: 0 });
  });

  it('builds anew what somebody disposed', () => {
    constant('a').dispose();
    expect(constant('a').isDisposed).toBe(false);
    expect(built).toEqual(['a', 'a']);
  });

  it('keeps the 256 most recently used', () => {
    const before = memory().numTensors;
    const first = constant('0');
    const second = constant('1');
    for (let i = 2; i < 256; i++) constant(String(i));
    constant('0');
    constant('256');
    expect(constantsInUse().count).toBe(256);
    expect(memory().numTensors).toBe(before + 256);
    expect(first.isDisposed).toBe(false);
    expect(second.isDisposed).toBe(true);
  });

  it('keeps no more than 256 MiB, but always the last two', () => {
    const large = (key: string): Tensor => constantTensor(key, () => zeros([40 * 2 ** 20]));
    const [a, b] = [large('a'), large('b')];
    expect([a.isDisposed, b.isDisposed]).toEqual([false, false]);
    const c = large('c');
    expect([a.isDisposed, b.isDisposed, c.isDisposed]).toEqual([true, false, false]);
  });

  it('belongs to one instance of a backend: another, or the same after removal, gets its own', async () => {
    const onCpu = constant('a');
    registerBackend('other', () => new MathBackendCPU());
    expect(await setBackend('other')).toBe(true);
    const onOther = constant('a');
    expect(onOther).not.toBe(onCpu);
    expect(onCpu.isDisposed).toBe(false);
    expect(await setBackend('cpu')).toBe(true);
    expect(constant('a')).toBe(onCpu);
    removeBackend('other');
    registerBackend('other', () => new MathBackendCPU());
    expect(await setBackend('other')).toBe(true);
    expect(constant('a')).not.toBe(onOther);
    expect(built).toEqual(['a', 'a', 'a']);
    disposeConstants();
    expect(await setBackend('cpu')).toBe(true);
    disposeConstants('all');
    removeBackend('other');
  });
});
