import { fileURLToPath } from 'node:url';
import { wasm } from '@glid/backend-wasm';
import { createModel, fromFile, loadWeights, useBackend } from '@glid/core';
import { evaluatePretraining } from '@glid/core/train';
import { evaluationSource, presets, readImageFolder } from '@glid/data';
import { hasShared, sharedPath, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';

const path = fileURLToPath(new URL('../model.safetensors', import.meta.url));

describe('the published weights', () => {
  it('say what they were trained on', async () => {
    const { about } = await loadWeights(fromFile(path));
    expect(about).toMatchObject({
      heads: [],
      provenance: { data: expect.stringContaining('Caltech-101'), licence: 'Apache-2.0', maskUnit: 16, pixels: 128 },
    });
  });

  it.skipIf(!hasShared)(
    `reconstruct held-out pictures as well as stated (${withoutShared})`,
    async () => {
      await useBackend([wasm()]);
      const weights = await loadWeights(fromFile(path));
      const { validationLoss } = weights.about!.provenance as { validationLoss: number };
      using model = await createModel({ backbone: 'nano', pretrain: { unit: 16 }, weights });
      const held = await readImageFolder(sharedPath('data', 'pretrain'), { images: 'images', list: 'val.txt' });
      const { metrics } = await evaluatePretraining(
        model.parameters,
        model.config,
        model.pretrain!,
        evaluationSource({
          dataset: { ...held, length: 256 },
          pipeline: presets.small.pretrain.test({ size: [128, 128] }),
          batchSize: 32,
        }),
      );
      expect(metrics.loss).toBeCloseTo(validationLoss, 2); // 16 bits: within 0.005
      expect(metrics.patchMean).toBeCloseTo(1, 2);
    },
    240_000,
  );
});
