import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import type { GlidBackend } from '@glid/ops';
import {
  backend as currentBackend,
  enableProdMode,
  env,
  setBackend,
  type Tensor4D,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encode, encoderSpecs, swinPresets } from '../../core/src/encoder/index.ts';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);

describe.skipIf(!adapter)('dispatches (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;
  beforeAll(async () => {
    backend = await webgpu({ allowSoftware: true }).create();
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false);
  });
  afterAll(() => backend.dispose());

  it('a Swin-T forward pass on 224 x 224 pixels takes at most 160', async () => {
    // Narrow, so that the test is quick: blocks, windows, shifts and paddings are Swin-T's, and with them the commands.
    const config = { ...swinPresets.tiny, embed: 16, heads: [1, 2, 4, 8] } as const;
    const parameters = initializeParameters(encoderSpecs(config), new Random(1));
    const images = tensor(new Float32Array(224 * 224 * 3).fill(0.5), [1, 224, 224, 3]) as Tensor4D;
    const { device } = currentBackend() as unknown as { device: GPUDevice };
    let dispatches = 0;
    const create = device.createCommandEncoder.bind(device);
    vi.spyOn(device, 'createCommandEncoder').mockImplementation((descriptor) => {
      const encoder = create(descriptor);
      const begin = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => {
        const made = begin(pass);
        const dispatch = made.dispatchWorkgroups.bind(made);
        made.dispatchWorkgroups = (...size) => {
          dispatches++;
          dispatch(...size);
        };
        return made;
      };
      return encoder;
    });
    const maps = tidy(() => [...encode(parameters, config, images)]);
    const values = await maps[3]!.data();
    expect(values.every(Number.isFinite)).toBe(true);
    expect(dispatches).toBeGreaterThan(100);
    expect(dispatches).toBeLessThanOrEqual(160);
  });
});
