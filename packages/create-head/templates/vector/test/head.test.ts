import '@tensorflow/tfjs-backend-cpu';
import type { SceneRecord } from '@glid/head-kit';
import { ready, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { templateHead } from '../src/index.ts';

const head = templateHead({ labels: ['cup', 'plate'] }, { hiddenSize: 16, pixelStride: 4 });
const picture = { originalSize: [32, 32], resizedSize: [32, 32], inputSize: [32, 32] } as const;
const target = (...counts: number[]) => ({ counts: { data: Float32Array.from(counts), shape: [2] } });

beforeAll(() => ready());

it('counts the labels that it was given, and no others', async () => {
  const box = [0, 0, 1, 1] as const;
  const objects = ['cup', 'fork', 'cup'].map((label) => ({ label, box }));
  const record: SceneRecord = {
    id: 'table',
    source: 'a test',
    image: () => Promise.reject(new Error('not read')),
    objects,
  };
  expect(await head.targetsFrom(record)).toEqual(target(2, 0));
});

it('the loss is the sum over labels of the distances, a picture', async () => {
  const { total } = head.doLoss({ counts: tensor2d([2.5, 0, 1, 1], [2, 2]) }, [target(2, 1), target(1, 3)]);
  expect((await total.data())[0]).toBeCloseTo((0.5 + 1 + 0 + 2) / 2);
});

it('the error is the mean over labels and pictures', () => {
  const metrics = head.createMetrics();
  const result = [2.5, 0].map((count, k) => ({ label: head.labels[k]!, count }));
  metrics.update([{ result, target: target(2, 1), meta: picture }]);
  expect(metrics.compute()).toEqual({ error: 0.75 });
});
