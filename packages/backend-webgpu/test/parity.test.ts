import '@glid/ops/gradients';
import { disposeConstants, type GlidBackend } from '@glid/ops';
import { enableProdMode, env, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCase, opCases } from '../../ops/test/suite/index.ts';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);

describe.skipIf(!adapter)('every operation on WebGPU in Node (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;

  beforeAll(async () => {
    backend = await webgpu({ allowSoftware: true }).create();
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false); // small tensors would otherwise be computed in JavaScript
  });

  afterAll(async () => {
    disposeConstants();
    await backend.dispose();
  });

  it.each(opCases.map((c) => [c.id, c] as const))('%s', async (_, c) => {
    await checkCase(c);
  });
});
