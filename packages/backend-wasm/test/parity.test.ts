import '@glid/ops/gradients';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCase, opCases } from '../../ops/test/suite/index.ts';
import { type WasmBackend, wasm } from '../src/index.ts';

enableProdMode();

describe.each(['off', 'auto'] as const)('every operation, nativeGemm: %s', (nativeGemm) => {
  let backend: WasmBackend;

  beforeAll(async () => {
    backend = await wasm({ nativeGemm }).create();
    expect(await setBackend('wasm')).toBe(true);
  });

  afterAll(async () => {
    disposeConstants();
    await backend.dispose();
  });

  it('runs the path that it names', () => {
    expect('version' in backend.nativeGemm).toBe(nativeGemm === 'auto');
  });

  it.each(opCases.map((c) => [c.id, c] as const))('%s', async (_, c) => {
    await checkCase(c);
  });
});
