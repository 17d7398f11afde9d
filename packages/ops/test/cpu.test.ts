import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkCase, opCases } from './suite/index.ts';

enableProdMode();

describe('numeric suite on cpu', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it('names every case once', () => {
    expect(new Set(opCases.map((c) => c.id)).size).toBe(opCases.length);
  });

  it.each(opCases.map((c) => [c.id, c] as const))('%s', async (_, c) => {
    const result = await checkCase(c);
    expect(result.forward).toBeLessThanOrEqual(1);
    expect(result.gradient).toBeLessThanOrEqual(1);
  });
});
