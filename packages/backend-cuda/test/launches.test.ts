import { adamwStep, captureGraph } from '@glid/ops';
import { enableProdMode, randomNormal, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../../core/src/model/create-model.ts';
import { forwardFeatures, forwardHeads } from '../../core/src/model/forward.ts';
import { headOf } from '../../core/src/model/head-recipe.ts';
import { modelPresets } from '../../core/src/model/model-config.ts';
import { detection } from '../../head-detection/src/index.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

describe.skipIf(withoutCompiler)('commands to the device (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend();
    // Counting needs no numbers.
    simulated.simulator.set('SKIP', 1);
  });
  afterAll(async () => {
    simulated.simulator.set('SKIP', 0);
    await simulated.dispose();
  });

  it('Swin-T, neck, decoder and detection on 224 x 224 pixels: launches and copies', async () => {
    const model = await createModel({
      backbone: modelPresets.tiny,
      heads: { things: headOf(detection, { labels: ['a', 'b'] }) },
    });
    const images = tensor(new Float32Array(224 * 224 * 3), [1, 224, 224, 3]) as Tensor4D;
    const { parameters, config, heads } = model;
    const forward = (x: Tensor4D) =>
      Object.values(forwardHeads(parameters, config, heads as never, forwardFeatures(parameters, config, x)));
    const counted = (): number => {
      const before = simulated.backend.launches();
      tidy(() => void forward(images));
      return simulated.backend.launches() - before;
    };
    counted();
    const launches = counted();
    const graph = captureGraph([images], ([x]) => forward(x as Tensor4D).flatMap((raw) => Object.values(raw)));
    expect(launches).toBeGreaterThan(200);
    expect(launches).toBeLessThanOrEqual(247);
    // Copies are commands too.
    expect(graph!.nodes).toBeGreaterThanOrEqual(launches);
    expect(graph!.nodes).toBeLessThanOrEqual(257);
    const before = simulated.backend.launches();
    for (const t of graph!.replay([images])) t.dispose();
    expect(simulated.backend.launches() - before).toBe(1);
    graph!.dispose();
    model.dispose();
  });

  it('AdamW of any number of parameters is one', () => {
    const list = Array.from({ length: 200 }, (_, i) => randomNormal([i + 1, 3]));
    const options = { learningRates: list.map(() => 1), weightDecays: list.map(() => 0), step: 1 };
    const inputs = { parameters: list, gradients: list, m: list, v: list };
    tidy(() => void adamwStep(inputs, options));
    const before = simulated.backend.launches();
    tidy(() => void adamwStep(inputs, options));
    expect(simulated.backend.launches() - before).toBe(1);
  });
});
