import type { SceneRecord } from '@glid/base';
import { expect, it } from 'vitest';
import { segmentation } from '../src/index.ts';

const context = { hiddenSize: 8, pixelStride: 4 } as const;

it('a panoptic map becomes one mask a segment, in their order; void belongs to none', async () => {
  const head = segmentation({ mode: 'panoptic', labels: ['cat', 'sky'], things: ['cat'], queries: 2 }, context);
  const panoptic = {
    ids: { width: 4, height: 2, data: Int32Array.of(0, 900, 900, 7, 7, 900, 0, 0) },
    segments: [
      { id: 7, label: 'sky', crowd: false },
      { id: 900, label: 'cat', crowd: true },
      { id: 3, label: 'cat', crowd: false },
    ],
  };
  const record = { id: 'map', source: 'map.png', panoptic: async () => panoptic } as unknown as SceneRecord;
  const { masks, labels, crowds } = (await head.targetsFrom!(record)) as {
    [field: string]: { data: ArrayLike<number>; shape: readonly number[] };
  };
  expect(masks!.shape).toEqual([3, 2, 4]);
  expect(Array.from(masks!.data)).toEqual([
    ...[0, 0, 0, 1, 1, 0, 0, 0],
    ...[0, 1, 1, 0, 0, 1, 0, 0],
    ...[0, 0, 0, 0, 0, 0, 0, 0],
  ]);
  expect(Array.from(labels!.data)).toEqual([1, 0, 0]);
  expect(Array.from(crowds!.data)).toEqual([0, 1, 0]);
});
