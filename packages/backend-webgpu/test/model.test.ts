import '@glid/ops/gradients';
import { GlidError, Random, type RgbImage } from '@glid/base';
import { disposeConstants, type GlidBackend } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import {
  backend as currentBackend,
  enableProdMode,
  engine,
  env,
  type Scalar,
  setBackend,
  tensor4d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { cpu, createModel, drawMask, forwardPretrain, headOf, pretrainLoss, useBackend } from '../../core/src/index.ts';
import { microConfig } from '../../core/test/micro.ts';
import { fieldMap, tags } from '../../core/test/toy-heads.ts';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

enableProdMode();
const adapter = await (await findGpu())?.requestAdapter().catch(() => null);
const side = 64;

const heads = { animals: headOf(tags, { labels: ['cat', 'dog'] }), field: headOf(fieldMap, {}) };
const random = new Random(5);
const picture: RgbImage = {
  width: 60,
  height: 40,
  data: Uint8Array.from({ length: 60 * 40 * 3 }, () => random.integer(256)),
};
const pixels = Float32Array.from({ length: side * side * 3 }, () => random.normal());

const build = () => createModel({ backbone: microConfig, heads, seed: 3, resize: { longest: 48 } });

/** One step of masked pre-training: the loss and the gradient of every parameter, as numbers; `recorded` is called before any is read. */
async function trainingStep(recorded?: () => void): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
  using model = await createModel({ backbone: microConfig, pretrain: { unit: 16 }, seed: 3 });
  const config = model.pretrain!;
  const names = Object.keys(model.parameters);
  const draw = drawMask(config, [1, side, side], new Random(2));
  const parameters = names.map((name) => model.parameters[name]!);
  const { value, grads } = tidy(() => {
    const images = tensor4d(pixels, [1, side, side, 3]);
    const run = (): Scalar => {
      const result = forwardPretrain(model.parameters, model.config, config, images, draw);
      return pretrainLoss(result, images, config, draw).total;
    };
    // Parameters that the loss does not touch have no gradient.
    return engine().gradients(run, parameters, undefined, true);
  });
  recorded?.();
  const loss = (await value.data())[0]!;
  const gradients: Record<string, Float32Array> = {};
  for (const [i, name] of names.entries()) {
    if (grads[i]) gradients[name] = (await grads[i].data()) as Float32Array;
  }
  for (const t of [value, ...grads]) t?.dispose();
  return { loss, gradients };
}

async function predictions(): Promise<{ scores: number[]; field: Float32Array }> {
  using model = await build();
  const { animals, field } = await model.predict(picture);
  return { scores: Object.values(animals.scores), field: field.data };
}

describe.skipIf(!adapter)('a model on WebGPU (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;
  let expected: Awaited<ReturnType<typeof predictions>>;
  let step: Awaited<ReturnType<typeof trainingStep>>;
  const start = async (): Promise<void> => {
    backend = (await useBackend(webgpu({ allowSoftware: true }))).backend;
    env().set('WEBGPU_CPU_FORWARD', false);
  };

  beforeAll(async () => {
    await useBackend(cpu());
    expected = await predictions();
    step = await trainingStep();
    disposeConstants();
    await start();
    expect(await setBackend('webgpu')).toBe(true);
  });

  it('predicts what the reference predicts', async () => {
    const got = await predictions();
    expectClose(got.scores, expected.scores, 1e-5);
    expectClose(got.field, expected.field, 1e-4);
  });

  it("has the reference's loss and gradients in a step of pre-training: within 1e-3 of the largest entry of each", async () => {
    const got = await trainingStep();
    expect(Math.abs(got.loss - step.loss)).toBeLessThan(1e-5 * Math.abs(step.loss));
    const largest = (values: Float32Array): number => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    // Gradients that are zero but for rounding (key biases) are measured against the largest of all.
    const floor = 1e-3 * Math.max(...Object.values(step.gradients).map(largest));
    for (const [name, exact] of Object.entries(step.gradients)) {
      expectClose(got.gradients[name]!, exact, 1e-3 * Math.max(floor, largest(exact)), name);
    }
  });

  it('leaves nothing behind: tensors and bytes are flat over predictions and steps', async () => {
    using model = await build();
    await model.predict(picture);
    await trainingStep();
    const before = { tensors: engine().memory().numTensors, bytes: backend.bytesInUse!() };
    for (let i = 0; i < 5; i++) await model.predict(picture);
    await trainingStep();
    expect({ tensors: engine().memory().numTensors, bytes: backend.bytesInUse!() }).toEqual(before);
  });

  it('is warmed up by a prediction that computes nothing', async () => {
    using model = await build();
    const before = engine().memory().numTensors;
    await backend.warmUp!(() => model.predict(picture));
    expect(engine().memory().numTensors).toBeLessThanOrEqual(before);
    const { field } = await model.predict(picture);
    expectClose(field.data, expected.field, 1e-4);
  });

  it('says that the device is lost in the middle of predictions and of a step, and goes on on a new one', async () => {
    const model = await build();
    await model.predict(picture);
    const { device } = currentBackend() as unknown as { device: GPUDevice };
    const running = [model.predict(picture), model.predict(picture), trainingStep(() => device.destroy())];
    for (const work of running) {
      await expect(work).rejects.toSatisfy((error) => GlidError.isInstance(error, 'GLID_DEVICE_LOST'));
    }
    expect(GlidError.isInstance(await backend.lost, 'GLID_DEVICE_LOST')).toBe(true);
    await expect(model.predict(picture)).rejects.toSatisfy((error) => GlidError.isInstance(error, 'GLID_DEVICE_LOST'));
    disposeConstants();
    await backend.dispose();
    await start();
    const got = await predictions();
    expectClose(got.field, expected.field, 1e-4);
    const again = await trainingStep();
    expect(Math.abs(again.loss - step.loss)).toBeLessThan(1e-5 * Math.abs(step.loss));
    await backend.dispose();
  });
});
