import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { disposeConstants } from '@glid/ops';
import { dispose, enableProdMode, engine, setBackend, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel, forwardFeatures } from '../../core/src/model/index.ts';
import { drawMask, forwardPretrain, pretrainLoss } from '../../core/src/pretrain/index.ts';
import { wasm } from '../src/index.ts';

enableProdMode();

/** A picture whose last windows are padded. */
const shape: [number, number, number, number] = [1, 48, 64, 3];

interface Numbers {
  readonly features: Float32Array;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** glid-nano on the active backend: the map that heads read, and loss and gradients of one step of masked pre-training. */
async function numbers(): Promise<Numbers> {
  const model = await createModel({ backbone: 'nano', pretrain: { unit: 16 }, seed: 7 });
  const random = new Random(3);
  const images = tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    shape,
  );
  const config = model.pretrain!;
  const draw = drawMask(config, [shape[0], shape[1], shape[2]], random);
  const pixels = tidy(() => forwardFeatures(model.parameters, model.config, images).pixels);
  const features = pixels.dataSync().slice() as Float32Array;
  const names = Object.keys(model.parameters);
  const xs = names.map((name) => model.parameters[name]!);
  const { value, grads } = tidy(() =>
    engine().gradients(
      () =>
        pretrainLoss(forwardPretrain(model.parameters, model.config, config, images, draw), images, config, draw).total,
      xs,
      undefined,
      true,
    ),
  );
  const gradients = Object.fromEntries(
    grads.flatMap((g, i) => (g ? [[names[i]!, g.dataSync().slice() as Float32Array]] : [])),
  );
  const loss = value.dataSync()[0]!;
  dispose([value, images, pixels, ...grads.filter((g) => g !== null)]);
  model.dispose();
  disposeConstants();
  return { features, loss, gradients };
}

const largest = (values: Float32Array): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const apart = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);

describe('glid-nano gives what the cpu backend gives', () => {
  let reference: Numbers;

  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
    reference = await numbers();
  });

  it.each(['off', 'auto'] as const)('map, loss and every gradient, nativeGemm: %s', async (nativeGemm) => {
    const backend = await wasm({ nativeGemm }).create();
    try {
      expect(await setBackend('wasm')).toBe(true);
      const got = await numbers();
      const size = Math.max(1, largest(reference.features));
      expect(apart(got.features, reference.features)).toBeLessThan(2e-5 * size);
      expect(Math.abs(got.loss - reference.loss)).toBeLessThan(1e-5);
      expect(Object.keys(got.gradients)).toEqual(Object.keys(reference.gradients));
      expect(Object.keys(got.gradients).length).toBeGreaterThan(100);
      const scale = Math.max(...Object.values(reference.gradients).map(largest));
      for (const [name, gradient] of Object.entries(got.gradients)) {
        expect(apart(gradient, reference.gradients[name]!), name).toBeLessThan(1e-5 * scale);
      }
    } finally {
      await setBackend('cpu');
      await backend.dispose();
    }
  });
});
