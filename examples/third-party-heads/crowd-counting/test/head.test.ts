import '@tensorflow/tfjs-backend-cpu';
import type { SceneRecord } from '@glid/head-kit';
import { fill, ready, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { crowdCounting } from '../src/index.ts';
import { densityOf } from '../src/targets.ts';

const head = crowdCounting({ labels: ['sheep', 'goat'] }, { hiddenSize: 16, pixelStride: 4 });
/** 30 x 40 pixels in an input of 32 x 64: eight rows of ten cells show the picture. */
const meta = { originalSize: [60, 80], resizedSize: [30, 40], inputSize: [32, 64] } as const;
const context = { metas: [meta], random: {} as never, meanOverRanks: async (value: number) => value };
const target = {
  places: { data: Float32Array.of(20, 15, 2, 0, 0, 2, 39, 29, 2), shape: [3, 1, 3] },
  classes: { data: Int32Array.of(0, 1, 1), shape: [3] },
};
const sumOf = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);

beforeAll(() => ready());

it('learns the middles of boxes of its labels, and no crowd regions', async () => {
  const box = [10, 10, 20, 30] as const;
  const objects = [
    { label: 'goat', box },
    { label: 'dog', box },
    { label: 'goat', box, crowd: true },
  ];
  const record: SceneRecord = {
    id: 'field',
    source: 'a test',
    image: () => Promise.reject(new Error('not read')),
    objects,
  };
  expect(await head.targetsFrom(record)).toEqual({
    places: { data: Float32Array.of(15, 20, 2), shape: [1, 1, 3] },
    classes: { data: Int32Array.of(1), shape: [1] },
  });
});

it('a thing is one thing, also at the border, and never lies in the padding', () => {
  const density = densityOf(target, 2, meta);
  expect(sumOf(density.subarray(0, 128))).toBeCloseTo(1, 6);
  expect(sumOf(density.subarray(128))).toBeCloseTo(2, 6);
  expect(Math.max(...density.filter((_, i) => i % 16 >= 10))).toBe(0);
});

it('the loss of the true density is nothing; one thing too many costs one', async () => {
  const truth = tensor4d(densityOf(target, 2, meta), [1, 2, 8, 16]);
  const perfect = head.doLoss({ density: truth }, [target], undefined, context);
  expect((await perfect.total.data())[0]).toBeCloseTo(0, 5);
  const data = await truth.data();
  const more = tensor4d(
    data.map((value, i) => (i === 0 ? value + 1 : value)),
    [1, 2, 8, 16],
  );
  const { total } = head.doLoss({ density: more }, [target], undefined, context);
  expect((await total.data())[0]).toBeCloseTo(1, 5);
});

it('of all equal densities the loss is least for the one with the right count', async () => {
  const losses = [2.9, 3, 3.1].map((count) => {
    const density = fill([1, 2, 8, 16], count / (2 * 80)) as Tensor4D; // 80 cells show the picture
    return head.doLoss({ density }, [target], undefined, context).total;
  });
  const [fewer, right, more] = await Promise.all(losses.map(async (loss) => (await loss.data())[0]!));
  expect(right).toBeLessThan(fewer!);
  expect(right).toBeLessThan(more!);
});

it('counts what the cells hold, and gives a map of the original size with that sum', async () => {
  const density = tensor4d(densityOf(target, 2, meta), [1, 2, 8, 16]);
  const [result] = await head.doPostprocess({ density }, [meta]);
  expect(result!.counts.map(({ count }) => Math.round(1e5 * count) / 1e5)).toEqual([1, 2]);
  expect(result!.size).toEqual([60, 80]);
  expect(sumOf(result!.density)).toBeCloseTo(3, 4);
  const brightest = result!.density.indexOf(Math.max(...result!.density));
  expect([brightest % 80, Math.floor(brightest / 80)]).toEqual([0, 0]); // the goat in the corner: half a spot, twice as dense
});

it('a mirror image agrees with its picture, padding and all', async () => {
  const density = tensor4d(densityOf(target, 2, meta), [1, 2, 8, 16]);
  const flipped = {
    ...target,
    places: { ...target.places, data: target.places.data.map((v, i) => (i % 3 ? v : 40 - v)) },
  };
  const mirrored = tensor4d(densityOf(flipped, 2, meta), [1, 2, 8, 16]);
  const merged: Tensor4D = head.doMergeMirrored({ density }, { density: mirrored }, [meta]).density;
  const [got, expected] = [await merged.data(), await density.data()];
  expect(Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)))).toBeLessThan(1e-5);
});

it('mae and rmse are those of the counts', () => {
  const metrics = head.createMetrics();
  const result = { count: 5, counts: [], density: new Float32Array(0), size: [0, 0] as const };
  metrics.update([
    { result, target, meta },
    { result: { ...result, count: 3 }, target, meta },
  ]);
  expect(metrics.compute()).toEqual({ mae: 1, rmse: Math.sqrt(2) });
});
