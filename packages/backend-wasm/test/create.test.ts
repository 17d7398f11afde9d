import { matMul, setBackend, tensor2d } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { useBackend } from '../../core/src/backend/index.ts';
import { type WasmBackend, wasm } from '../src/index.ts';
import { createNativeProducts } from '../src/native/create-products.ts';

let backend: WasmBackend | undefined;

afterEach(async () => {
  await backend?.dispose();
  backend = undefined;
});

describe('wasm()', () => {
  // The first test of the file: nothing of ours has run yet.
  it('takes over a backend that the program has initialised, with its tensors', async () => {
    await import('@tensorflow/tfjs-backend-wasm');
    expect(await setBackend('wasm')).toBe(true);
    const x = tensor2d([1, 2], [1, 2]);
    backend = await wasm({ nativeGemm: 'off' }).create();
    expect(Array.from(x.dataSync())).toEqual([1, 2]);
    const y = matMul(x, x, false, true);
    expect(y.dataSync()[0]).toBe(5);
    for (const t of [x, y]) t.dispose();
  });

  it('passes the canary of useBackend', async () => {
    const choice = await useBackend([wasm()]);
    backend = choice.backend as WasmBackend;
    expect(choice).toMatchObject({ name: 'wasm', rejected: [] });
    expect(backend.description).toMatch(/^tfjs-backend-wasm 4\.22\.0 with (relaxed )?SIMD kernels, matrix products/);
  });

  it('adds no listener to the process', async () => {
    const count = (): number[] => ['uncaughtException', 'unhandledRejection'].map((e) => process.listenerCount(e));
    const before = count();
    backend = await wasm().create();
    expect(count()).toEqual(before);
  });

  it('is created once, and refuses other options while it runs', async () => {
    backend = await wasm({ nativeGemm: 'off' }).create();
    expect(await wasm({ nativeGemm: 'off' }).create()).toBe(backend);
    await expect(wasm({ nativeGemm: 'auto' }).create()).rejects.toMatchObject({ code: 'GLID_USAGE' });
  });

  it('can be disposed and created again', async () => {
    for (let i = 0; i < 3; i++) {
      backend = await wasm({ nativeGemm: 'off' }).create();
      expect(await setBackend('wasm')).toBe(true);
      const x = tensor2d([1, 2, 3, 4], [2, 2]);
      const y = matMul(x, x);
      expect(Array.from(y.dataSync())).toEqual([7, 10, 15, 22]);
      x.dispose();
      y.dispose();
      await backend.dispose();
      await backend.dispose();
      backend = undefined;
    }
  });

  it.each([0, -1, 4096, Number.NaN])('refuses a memory limit of %s MiB', async (memoryLimitMiB) => {
    await expect(wasm({ memoryLimitMiB }).create()).rejects.toMatchObject({ code: 'GLID_USAGE' });
  });

  it('says why there are no native products', async () => {
    backend = await wasm({ nativeGemm: 'off' }).create();
    expect(backend.nativeGemm).toEqual({ reason: "nativeGemm is 'off'" });
  });
});

describe('the self-test of native products', () => {
  it('passes where the binding writes in place', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const native = createNativeProducts(() => memory.buffer, 1024, 1);
    expect(native).toMatchObject({ threads: 1 });
    if ('dispose' in native) native.dispose();
  });

  it('fails, and says so, where it would write into a copy', () => {
    // Every view lies in another buffer than the one before, as after a copy.
    const native = createNativeProducts(() => new ArrayBuffer(4096), 1024, 1);
    expect(native).toMatchObject({ reason: expect.stringMatching(/failed its self-test/) });
  });
});
