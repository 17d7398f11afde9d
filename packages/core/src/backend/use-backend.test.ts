import { createRequire } from 'node:module';
import { GlidError } from '@glid/base';
import type { BackendCandidate, GlidBackend } from '@glid/ops';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type * as Core from '@tensorflow/tfjs-core';
import {
  copyRegisteredKernels,
  enableProdMode,
  getBackend,
  getKernel,
  registerBackend,
  registerKernel,
  removeBackend,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cpu, useBackend } from './index.ts';

enableProdMode();
const made: string[] = [];

/** A second copy of the cpu backend under another name. */
function copyOfCpu(name: string): () => Promise<GlidBackend> {
  return async () => {
    copyRegisteredKernels('cpu', name);
    registerBackend(name, () => new MathBackendCPU());
    made.push(name);
    return { name, description: 'a copy of cpu', dispose: async () => removeBackend(name) };
  };
}

function candidate(name: string, more: Partial<BackendCandidate> = {}): BackendCandidate {
  return { name, probe: async () => ({ ok: true }), create: copyOfCpu(name), ...more };
}

beforeEach(async () => {
  await useBackend(cpu());
});

afterEach(() => {
  for (const name of made.splice(0)) {
    for (const kernel of ['BatchMatMul']) if (getKernel(kernel, name)) unregisterKernel(kernel, name);
  }
});

describe('useBackend', () => {
  it('takes the first candidate that works and keeps the reasons against the others', async () => {
    const choice = await useBackend([
      candidate('absent', { probe: async () => ({ ok: false, reason: 'no such device' }) }),
      candidate('throwing', {
        create: async () => {
          throw new Error('driver too old');
        },
      }),
      candidate('good'),
      candidate('never', {
        probe: async () => {
          throw new Error('must not be asked');
        },
      }),
    ]);
    expect(choice.name).toBe('good');
    expect(getBackend()).toBe('good');
    expect(choice.rejected).toEqual([
      { name: 'absent', reason: 'no such device' },
      { name: 'throwing', reason: 'driver too old' },
    ]);
    await choice.backend.dispose();
  });

  it('rejects a backend that computes wrong numbers, disposes it and restores the one before', async () => {
    let disposed = false;
    const liar = candidate('liar', {
      create: async () => {
        const backend = await copyOfCpu('liar')();
        const right = getKernel('BatchMatMul', 'liar');
        unregisterKernel('BatchMatMul', 'liar');
        registerKernel({
          ...right,
          kernelFunc: (args) => {
            const out = right.kernelFunc(args);
            const info = Array.isArray(out) ? out[0]! : out;
            const values = (args.backend as MathBackendCPU).data.get(info.dataId).values as Float32Array;
            values[values.length - 1] = 0; // what a shader that never wrote its last tile leaves
            return out;
          },
        });
        return {
          ...backend,
          dispose: async () => {
            disposed = true;
            await backend.dispose();
          },
        };
      },
    });
    const error = await useBackend(liar).catch((e: unknown) => e);
    expect(GlidError.isInstance(error, 'GLID_BACKEND_UNAVAILABLE')).toBe(true);
    expect((error as GlidError).message).toMatch(/liar: canary matMul gave 0 at 29/);
    expect(disposed).toBe(true);
    expect(getBackend()).toBe('cpu');
  });

  it('detects a factory that throws, which TensorFlow.js reports by false only', async () => {
    const broken = candidate('broken', {
      create: async () => {
        registerBackend('broken', () => {
          throw new Error('inside the factory');
        });
        return { name: 'broken', description: '', dispose: async () => removeBackend('broken') };
      },
    });
    await expect(useBackend([broken])).rejects.toThrow(/could not initialise the backend 'broken'/);
    expect(getBackend()).toBe('cpu');
  });

  it('never falls back silently from a backend that was named alone', async () => {
    const absent = candidate('absent', { probe: async () => ({ ok: false, reason: 'no such device' }) });
    await expect(useBackend(absent)).rejects.toThrow(/absent: no such device/);
  });

  it('refuses a backend that was built with another copy of TensorFlow.js, whatever else is in the list', async () => {
    const require = createRequire(import.meta.url);
    const file = require.resolve('@tensorflow/tfjs-core');
    const first = require.cache[file];
    delete require.cache[file];
    const { KernelBackend } = require(file) as typeof Core;
    if (first) require.cache[file] = first;
    const cpuBackend = new MathBackendCPU();
    const foreign = candidate('foreign', {
      create: async () => {
        copyRegisteredKernels('cpu', 'foreign');
        registerBackend('foreign', () =>
          Object.assign(Object.create(KernelBackend.prototype), cpuBackend, {
            write: cpuBackend.write.bind(cpuBackend),
            disposeData: cpuBackend.disposeData.bind(cpuBackend),
            dispose: () => {},
          }),
        );
        return { name: 'foreign', description: '', dispose: async () => removeBackend('foreign') };
      },
    });
    const error = await useBackend([foreign, candidate('good')]).catch((e: unknown) => e);
    expect(GlidError.isInstance(error, 'GLID_TFJS_DUPLICATE')).toBe(true);
    expect((error as GlidError).fix).toMatch(/npm install --save-exact @tensorflow\/tfjs-core@4\.22\.0.*npm dedupe/);
    expect(getBackend()).toBe('cpu');
  });

  it('refuses an empty list', async () => {
    await expect(useBackend([])).rejects.toMatchObject({ code: 'GLID_USAGE' });
  });
});
