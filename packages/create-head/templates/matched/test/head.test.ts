import '@tensorflow/tfjs-backend-cpu';
import type { SceneRecord } from '@glid/head-kit';
import { ready, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { templateHead } from '../src/index.ts';

const head = templateHead({ labels: ['cup', 'plate'], queries: 2 }, { hiddenSize: 16, pixelStride: 4 });
const picture = { originalSize: [50, 100], resizedSize: [50, 100], inputSize: [64, 128] } as const;
const context = { metas: [picture], random: {} as never, meanOverRanks: async (value: number) => value };
const target = {
  centres: { data: Float32Array.of(25, 25, 2), shape: [1, 1, 3] },
  classes: { data: Int32Array.of(1), shape: [1] },
};
/** Both queries are undecided; the second is where the plate is. */
const raw = () => ({
  logits: tensor3d([0, 0, 0, 0, 0, 0], [1, 2, 3]),
  centres: tensor3d([0.9, 0.9, 0.25, 0.4], [1, 2, 2]),
});

beforeAll(() => ready());

it('learns the middles of boxes', async () => {
  const objects = [
    { label: 'plate', box: [10, 20, 40, 30] as const },
    { label: 'fork', box: [0, 0, 1, 1] as const },
  ];
  const record: SceneRecord = {
    id: 'table',
    source: 'a test',
    image: () => Promise.reject(new Error('not read')),
    objects,
  };
  expect(await head.targetsFrom(record)).toEqual(target);
});

it('pairs a thing with the query nearest to it', async () => {
  const { matches, pairs } = await head.doAssign(raw(), [target], context);
  expect(matches).toEqual([{ queries: Int32Array.of(1), targets: Int32Array.of(0) }]);
  expect(pairs).toBe(1);
});

it('the loss is the weighted cross-entropy, and five times the distance of the pair', async () => {
  const answers = raw();
  const { terms } = head.doLoss(answers, [target], await head.doAssign(answers, [target], context), context);
  expect((await terms.class!.data())[0]).toBeCloseTo(Math.log(3));
  expect((await terms.distance!.data())[0]).toBeCloseTo(5 * 0.1);
});

it('f1 counts a thing once, and asks for its label', () => {
  const metrics = head.createMetrics();
  const near = { label: 'plate', score: 0.9, x: 30, y: 25 };
  metrics.update([{ result: [near, { ...near, score: 0.8 }, { ...near, label: 'cup' }], target, meta: picture }]);
  expect(metrics.compute()).toEqual({ f1: 0.5, precision: 1 / 3, recall: 1 });
});
