import '@tensorflow/tfjs-backend-cpu';
import { compressRle, encodeMask, type SceneRecord } from '@glid/head-kit';
import { ready, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { templateHead } from '../src/index.ts';
import { foregroundCells } from '../src/targets.ts';

const head = templateHead({ labels: ['cup'] }, { hiddenSize: 16, pixelStride: 4 });
const picture = { originalSize: [4, 8], resizedSize: [4, 8], inputSize: [4, 8] } as const;

beforeAll(() => ready());

it('the foreground is what shows things with one of its labels', async () => {
  const mask = (at: number) =>
    compressRle(
      encodeMask(
        Uint8Array.from({ length: 6 }, (_, i) => (i === at ? 1 : 0)),
        [2, 3],
      ),
    );
  const box = [0, 0, 1, 1] as const;
  const record: SceneRecord = {
    id: 'table',
    source: 'a test',
    image: async () => ({ width: 3, height: 2, data: new Uint8Array(18) }),
    objects: [
      { label: 'cup', box, mask: mask(1) },
      { label: 'fork', box, mask: mask(2) },
      { label: 'cup', box, mask: mask(5) },
    ],
  };
  const { foreground } = await head.targetsFrom(record);
  expect(foreground).toEqual({ data: Int32Array.of(0, 1, 0, 0, 0, 1), shape: [2, 3] });
});

it('a cell holds the share of its known pixels that are foreground', () => {
  const data = new Int32Array(32).fill(255);
  data.set([1, 1, 0, 0], 0); // the first cell: 4 known pixels, 2 of them foreground; the second: unknown
  expect(foregroundCells({ foreground: { data, shape: [4, 8] } }, picture)).toEqual({
    share: Float32Array.of(0.5, 0),
    known: Float32Array.of(0.25, 0),
  });
});

it('the loss is the mean cross-entropy of the known part', async () => {
  const data = new Int32Array(32).fill(255).fill(1, 0, 4);
  const context = { metas: [picture], random: {} as never, meanOverRanks: async (value: number) => value };
  const { total } = head.doLoss(
    { logits: tensor3d([Math.log(3), 9], [1, 1, 2]) },
    [{ foreground: { data, shape: [4, 8] } }],
    undefined,
    context,
  );
  // One quarter of a cell is known; a sum of weights below 1 is not blown up.
  expect((await total.data())[0]).toBeCloseTo(-Math.log(0.75) / 4);
});

it('iou and accuracy count the pixels of all pictures', () => {
  const metrics = head.createMetrics();
  const target = { foreground: { data: Int32Array.of(1, 1, 0, 255), shape: [1, 4] } };
  const result = { probability: Float32Array.of(0.9, 0.1, 0.8, 0.9), size: [1, 4] as const };
  metrics.update([{ result, target, meta: picture }]);
  expect(metrics.compute()).toEqual({ iou: 1 / 3, accuracy: 1 / 3 });
});
