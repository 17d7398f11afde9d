import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, keepInMemory, resizeTo, syntheticScenes } from '@glid/data';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { segmentation } from '../src/index.ts';

enableProdMode();

describe('the three segmentations trained together', () => {
  it.each([
    ['with queries of their own', []],
    ['with the same queries', [['semantic', 'instance', 'panoptic']]],
  ] as const)(
    '%s: every loss falls',
    async (_, groups) => {
      await useBackend([wasm({ nativeGemm: 'off' })]);
      const dataset = keepInMemory(syntheticScenes({ seed: 3, length: 2, size: [64, 64] }));
      const small = { queries: 8, points: 128 };
      const labels = dataset.semanticLabels ?? [];
      const model = await createModel({
        backbone: 'nano',
        heads: {
          semantic: headOf(segmentation, { ...small, mode: 'semantic', labels }),
          instance: headOf(segmentation, { ...small, mode: 'instance', labels: dataset.labels }),
          panoptic: headOf(segmentation, { ...small, mode: 'panoptic', labels, things: dataset.thingLabels ?? [] }),
        },
        seed: 0,
      });
      const pipeline = [resizeTo([64, 64])];
      const losses: Readonly<Record<string, number>>[] = [];
      for await (const event of finetune({
        model,
        data: batchSource({ dataset, sources: model.heads, pipeline, batchSize: 2, seed: 0 }),
        steps: 24,
        optimizer: { learningRate: 5e-4, clip: 1 },
        sharedQueries: groups as never,
      })) {
        if (event.type === 'failed') throw event.error;
        if (event.type === 'step') losses.push(event.terms);
      }
      const of = (terms: Readonly<Record<string, number>>, key: string): number =>
        Object.entries(terms).reduce((sum, [name, value]) => (name.startsWith(`${key}.`) ? sum + value : sum), 0);
      const mean = (some: typeof losses, key: string) =>
        some.reduce((sum, terms) => sum + of(terms, key), 0) / some.length;
      for (const key of ['semantic', 'instance', 'panoptic']) {
        expect(mean(losses.slice(-3), key)).toBeLessThan(0.8 * mean(losses.slice(0, 3), key));
      }
      if (groups.length > 0) {
        const [a, b] = await Promise.all(
          ['semantic', 'panoptic'].map((key) => model.parameters[`queries.${key}.embedding`]!.data()),
        );
        expect(b).toEqual(a);
      }
      model.dispose();
    },
    240_000,
  );
});
