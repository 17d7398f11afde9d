import '@glid/ops/gradients';
import { glidKernelNames, hasGlidKernel } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import { enableProdMode, engine, setBackend, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WasmBackend, wasm } from '../src/index.ts';
import { corrections } from './corrections.ts';

enableProdMode();

describe.each(['off', 'auto'] as const)('corrected kernels, nativeGemm: %s', (nativeGemm) => {
  let backend: WasmBackend;

  beforeAll(async () => {
    backend = await wasm({ nativeGemm }).create();
    expect(await setBackend('wasm')).toBe(true);
  });

  afterAll(() => backend.dispose());

  it.each(corrections.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const before = engine().memory().numTensors;
    const bytes = backend.bytesInUse();
    const got = tidy(() => c.run().dataSync().slice());
    expectClose(got as Float32Array, c.expected(), c.tolerance, c.name);
    expect(engine().memory().numTensors).toBe(before);
    // Scratch grows to what the largest kernel needed, and stays: a second run takes nothing more.
    const after = backend.bytesInUse();
    tidy(() => c.run().dataSync());
    expect(backend.bytesInUse()).toBe(after);
    expect(after - bytes).toBeLessThan(2 ** 20);
  });

  it('has a kernel for every contract but those that only spare launches of a GPU, which are composed', () => {
    expect(glidKernelNames.filter((name) => !hasGlidKernel(name)).sort()).toEqual([
      'GlidFuseAndMix',
      'GlidLinearAdd',
      'GlidLinears',
      'GlidRelativeWindowAttention',
      'GlidSquaresNorm',
    ]);
  });
});
