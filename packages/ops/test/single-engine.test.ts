import '@tensorflow/tfjs-backend-cpu';
import { createRequire } from 'node:module';
import { GlidError } from '@glid/base';
import type * as Core from '@tensorflow/tfjs-core';
import { enableProdMode, engine, memory, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { assertSingleEngine } from '../src/index.ts';

enableProdMode();

/** A second copy of tfjs-core, as a nested installation would load it. */
function secondCopy(): typeof Core {
  const require = createRequire(import.meta.url);
  const file = require.resolve('@tensorflow/tfjs-core');
  const first = require.cache[file];
  delete require.cache[file];
  const copy = require(file) as typeof Core;
  if (first) require.cache[file] = first;
  return copy;
}

function codeOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (GlidError.isInstance(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('assertSingleEngine', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });
  afterEach(() => {
    vi.doUnmock('@tensorflow/tfjs-core');
    vi.resetModules();
  });

  it('accepts one copy and leaves no tensor', () => {
    const before = memory().numTensors;
    assertSingleEngine();
    expect(memory().numTensors).toBe(before);
  });

  it('rejects a backend that was built with another copy', async () => {
    const other = secondCopy();
    expect(other.Tensor).not.toBe((await import('@tensorflow/tfjs-core')).Tensor);
    expect(other.engine()).toBe(engine());
    const cpu = engine().findBackend('cpu');
    class Foreign extends other.KernelBackend {}
    const foreign = Object.assign(Object.create(Foreign.prototype), { ...cpu, dispose: () => {} });
    registerBackend('foreign', () => foreign);
    expect(await setBackend('foreign')).toBe(true);
    // The engine's own tensors are made by our copy: only the backend gives the other away.
    foreign.write = cpu.write.bind(cpu);
    foreign.disposeData = cpu.disposeData.bind(cpu);
    expect(codeOf(assertSingleEngine)).toMatch(
      /^GLID_TFJS_DUPLICATE: .*backend 'foreign'.*npm ls @tensorflow\/tfjs-core/,
    );
    expect(await setBackend('cpu')).toBe(true);
    removeBackend('foreign');
    assertSingleEngine();
  });

  it('rejects being the second copy itself', async () => {
    const other = secondCopy();
    vi.doMock('@tensorflow/tfjs-core', () => ({ ...other }));
    vi.resetModules();
    const fresh = await import('../src/single-engine.ts');
    expect(codeOf(fresh.assertSingleEngine)).toMatch(/^GLID_TFJS_DUPLICATE: Two copies/);
  });

  it('rejects another version', async () => {
    const core = await import('@tensorflow/tfjs-core');
    vi.doMock('@tensorflow/tfjs-core', () => ({ ...core, version_core: '4.21.0' }));
    vi.resetModules();
    const fresh = await import('../src/single-engine.ts');
    expect(codeOf(fresh.assertSingleEngine)).toMatch(/^GLID_TFJS_DUPLICATE: .*4\.21\.0.*4\.22\.0/);
  });
});
