import '@glid/ops/gradients';
import { GlidError } from '@glid/base';
import { type GlidBackend, gelu, layerNorm, linear } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import {
  backend as currentBackend,
  enableProdMode,
  engine,
  env,
  ones,
  relu,
  setBackend,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);

describe.skipIf(!adapter)('warmUp (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;
  const network = (): Tensor => {
    const x = linear(ones([5, 8]) as Tensor2D, ones([8, 4]) as Tensor2D, ones([4]) as Tensor1D, 'gelu');
    return relu(gelu(layerNorm(x, ones([4]) as Tensor1D, ones([4]) as Tensor1D)));
  };

  beforeAll(async () => {
    backend = await webgpu({ allowSoftware: true }).create();
  });
  afterAll(() => backend.dispose());

  it('wants the backend in use', async () => {
    await expect(backend.warmUp!(network)).rejects.toMatchObject({ code: 'GLID_USAGE' });
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false);
  });

  it('compiles what a computation needs, and computes nothing', async () => {
    const { device } = currentBackend() as unknown as { device: GPUDevice };
    const compiledAtOnce = vi.spyOn(device, 'createComputePipeline');
    const compiledBeside = vi.spyOn(device, 'createComputePipelineAsync');
    const before = engine().memory().numTensors;
    let seen: ArrayLike<number> = [];
    await backend.warmUp!(async () => {
      seen = await network().data();
    });
    expect(Array.from(seen)).toEqual(new Array(20).fill(0));
    expect(engine().memory().numTensors).toBe(before);
    expect(compiledBeside.mock.calls.length).toBeGreaterThanOrEqual(4);
    expect(compiledAtOnce).not.toHaveBeenCalled();
    const y = network();
    const values = (await y.data()) as Float32Array;
    expect(compiledAtOnce).not.toHaveBeenCalled();
    // A row of equal numbers has no deviation: what is left is beta = 1, and gelu(1) = Phi(1).
    expectClose(values, new Array(20).fill(0.841344746), 1e-5);
    compiledAtOnce.mockRestore();
    compiledBeside.mockRestore();
  });

  it('goes on after a computation that throws, and refuses to run twice at a time', async () => {
    await expect(
      backend.warmUp!(() => {
        throw new Error('planted');
      }),
    ).rejects.toThrow('planted');
    const first = backend.warmUp!(network);
    await expect(backend.warmUp!(network)).rejects.toSatisfy((error) => GlidError.isInstance(error, 'GLID_USAGE'));
    await first;
    expect((await relu(ones([3])).data())[0]).toBe(1);
  });
});
