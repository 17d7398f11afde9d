import '@glid/ops/gradients';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCase, opCases } from '../../ops/test/suite/index.ts';
import { type CudaGlidBackend, cuda } from '../src/index.ts';
import { openSimulator, withoutCompiler } from './simulator.ts';

enableProdMode();

describe.skipIf(withoutCompiler)('every operation on the simulator (needs g++)', () => {
  let backend: CudaGlidBackend;

  beforeAll(async () => {
    const { path } = await openSimulator();
    // Exact memory: every tensor is an allocation with a guard page, filled with NaN.
    const options = { libraries: [path], precision: 'float32', cacheFolder: false, exactMemory: true } as const;
    backend = await cuda(options).create();
    expect(await setBackend('cuda')).toBe(true);
  });

  afterAll(async () => {
    disposeConstants();
    await backend.dispose();
  });

  it.each(opCases.map((c) => [c.id, c] as const))('%s', async (_, c) => {
    await checkCase(c);
  });
});
