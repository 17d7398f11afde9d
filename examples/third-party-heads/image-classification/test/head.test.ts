import '@tensorflow/tfjs-backend-cpu';
import type { SceneRecord } from '@glid/head-kit';
import { ready, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { imageClassification } from '../src/index.ts';

const head = imageClassification({ labels: ['cat', 'dog', 'fox'] }, { hiddenSize: 16, pixelStride: 4 });
const picture = { originalSize: [32, 32], resizedSize: [32, 32], inputSize: [32, 32] } as const;
const target = (index: number) => ({ class: { data: Int32Array.of(index), shape: [1] } });
const record = (id: string, objects: SceneRecord['objects'] = []): SceneRecord => ({
  id,
  source: 'a test',
  image: () => Promise.reject(new Error('not read')),
  objects,
});

beforeAll(() => ready());

it.each([
  ['dog/1.jpg', 1],
  ['dog/cat/1.jpg', 0],
  ['cat.jpg', -1],
  ['zebra/1.jpg', -1],
])('the class of %s is %i', async (id, index) => {
  expect(await head.targetsFrom(record(id))).toEqual(target(index));
});

it('without such a folder it is the label of the largest object', async () => {
  const objects = [
    { label: 'cat', box: [0, 0, 2, 2] as const },
    { label: 'fox', box: [0, 0, 3, 3] as const },
    { label: 'dog', box: [0, 0, 9, 9] as const, area: 5 },
    { label: 'zebra', box: [0, 0, 9, 9] as const },
  ];
  expect(await head.targetsFrom(record('scene-7', objects))).toEqual(target(2));
});

it('the loss is the mean of -log p over the pictures whose class is known', async () => {
  const logits = tensor2d([Math.log(3), 0, 0, 0, 0, 0, 9, 0, 0], [3, 3]);
  const { total } = head.doLoss({ logits }, [target(0), target(1), target(-1)]);
  expect((await total.data())[0]).toBeCloseTo((-Math.log(3 / 5) - Math.log(1 / 3)) / 2);
});

it('ranks the classes and counts who is first', async () => {
  const [result] = await head.doPostprocess({ logits: tensor2d([0, 2, 1], [1, 3]) }, [picture]);
  expect(result!.ranking.map(({ label }) => label)).toEqual(['dog', 'fox', 'cat']);
  expect(result!.label).toBe('dog');
  const metrics = head.createMetrics();
  metrics.update([1, 2, -1].map((index) => ({ result: result!, target: target(index), meta: picture })));
  expect(metrics.compute()).toEqual({ top1: 0.5, top5: 1 });
});

it('looks at the mirror image too', async () => {
  const { logits } = head.doMergeMirrored({ logits: tensor2d([[1, 0, 3]]) }, { logits: tensor2d([[3, 0, 1]]) });
  expect([...(await logits.data())]).toEqual([2, 0, 2]);
});
