import '@glid/ops/gradients';
import { fromHalfBits, toHalfBits } from '@glid/base';
import type { GlidBackend } from '@glid/ops';
import { enableProdMode, env, tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpu, useBackend } from '../../core/src/index.ts';
import type { Model } from '../../core/src/model/index.ts';
import {
  createNano,
  featuresApart,
  type NanoNumbers,
  nanoDifferences,
  nanoFeatures,
  nanoNumbers,
} from '../../core/test/nano-step.ts';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);

/** The rounding that `storeHalf` does, on the host, in float32 tensors. */
async function roundMatrices(model: Model): Promise<void> {
  const matrices = Object.entries(model.parameters).filter(([name, t]) => t.rank === 2 && name.endsWith('.kernel'));
  for (const [name, t] of matrices) {
    const values = (await t.data<'float32'>()).map((v) => fromHalfBits(toHalfBits(v)));
    model.assign({ [name]: tensor(values, t.shape) });
  }
}

describe.skipIf(!adapter)('glid-nano on WebGPU (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;
  let reference: NanoNumbers;
  let ofRounded: Float32Array;

  beforeAll(async () => {
    await useBackend(cpu());
    reference = await nanoNumbers();
    using model = await createNano();
    await roundMatrices(model);
    ofRounded = await nanoFeatures(model);
    backend = (await useBackend(webgpu({ allowSoftware: true }))).backend;
    env().set('WEBGPU_CPU_FORWARD', false);
  }, 240_000);
  afterAll(() => backend?.dispose());

  it('gives what the cpu backend gives: map, loss and every gradient', async () => {
    const d = nanoDifferences(await nanoNumbers(), reference);
    expect(d.gradients).toBeGreaterThan(100);
    expect(d.features).toBeLessThan(2e-5);
    expect(d.loss).toBeLessThan(1e-5);
    expect(d.ofAll).toBeLessThan(1e-5);
  }, 240_000);

  it('predicts with 16-bit weights in half the memory, within 2e-3 of the largest feature', async () => {
    const exact = await (async () => {
      using model = await createNano();
      return await nanoFeatures(model);
    })();
    const before = backend.bytesInUse!();
    using model = await createNano();
    expect(await model.storeHalf(backend)).toBe(true);
    const rounded = await nanoFeatures(model);
    // All matrices are on the device, two bytes a number; of the rest, which counts four, what the map needs.
    const share =
      (backend.bytesInUse!() - before) / (4 * Object.values(model.parameters).reduce((n, t) => n + t.size, 0));
    expect(share).toBeGreaterThan(0.49);
    expect(share).toBeLessThan(0.51);
    expect(featuresApart(rounded, ofRounded)).toBeLessThan(2e-5);
    const apart = featuresApart(rounded, exact);
    expect(apart).toBeGreaterThan(0);
    expect(apart).toBeLessThan(2e-3);
    console.info(
      `16-bit weights: ${(100 * share).toFixed(1)} % of the bytes, features ${apart.toExponential(1)} apart`,
    );
  }, 240_000);
});
