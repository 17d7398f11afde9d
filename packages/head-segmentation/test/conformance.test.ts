import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { encodeMask } from '@glid/head-kit';
import { type HeadFixture, headChecks } from '@glid/head-kit/testing';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type SegmentationHead, type SegmentationInput, segmentation } from '../src/index.ts';

enableProdMode();
beforeAll(async () => {
  await wasm({ nativeGemm: 'off' }).create(); // to compare with
  expect(await setBackend('cpu')).toBe(true);
});

const labels = ['cat', 'sky'];

const fixture = (config: SegmentationInput): HeadFixture<SegmentationInput, SegmentationHead> => ({
  config,
  invalidConfigs: [
    { labels },
    { mode: 'semantic' },
    { mode: 'panoptic', labels },
    { mode: 'instance', labels, matching: 'perClass' },
    { mode: 'semantic', labels, matching: 'perClass', placedQueries: true },
    { mode: 'instance', labels, points: 1 },
    { mode: 'instance', labels, importance: 2 },
  ],
  makeTarget(height, width, random) {
    const split = Math.round(random.uniform(0.3, 0.7) * width);
    const low = Math.round(random.uniform(0.6, 0.9) * height);
    const area = height * width;
    const classOf = (p: number) => (Math.floor(p / width) < low && p % width < split ? 0 : 1);
    if (config.mode === 'semantic') {
      return { semantic: { data: Uint8Array.from({ length: area }, (_, p) => classOf(p)), shape: [height, width] } };
    }
    return {
      masks: {
        data: Uint8Array.from({ length: 2 * area }, (_, i) => Number(classOf(i % area) === Math.floor(i / area))),
        shape: [2, height, width],
      },
      labels: { data: Int32Array.from([0, 1]), shape: [2] },
      crowds: { data: new Int32Array(2), shape: [2] },
    };
  },
  perfectResult(target, meta) {
    const size = meta.originalSize;
    if (config.mode === 'semantic') return { size, semantic: { data: target.semantic!.data as Uint8Array, size } };
    const masks = target.masks!.data as Uint8Array;
    const area = size[0] * size[1];
    const own = [0, 1].map((i) => masks.subarray(i * area, (i + 1) * area));
    if (config.mode === 'instance') {
      return { size, instances: own.map((mask, i) => ({ label: labels[i]!, score: 1, mask: encodeMask(mask, size) })) };
    }
    return {
      size,
      panoptic: {
        size,
        ids: Int32Array.from({ length: area }, (_, p) => (own[0]![p] ? 1 : 2)),
        segments: labels.map((label, i) => ({ id: i + 1, label, isThing: i === 0, score: 1, area: 1 })),
      },
    };
  },
  idealMetric: 1,
  // Every picture draws points of its own, as Mask2Former does: equal pictures have nearly equal losses.
  ...(config.matching === 'perClass' ? {} : { lossSpread: 0.2 }),
});

const small = { labels, queries: 5, points: 48 };
describe.each([
  ['semantic', { ...small, mode: 'semantic' }],
  ['semantic, one query a class', { mode: 'semantic', labels, matching: 'perClass' }],
  ['instance', { ...small, mode: 'instance' }],
  ['instance, placed queries', { ...small, mode: 'instance', placedQueries: true }],
  ['panoptic', { ...small, mode: 'panoptic', things: ['cat'], objectThreshold: 0.2, overlapThreshold: 0.1 }],
  [
    'instance with an MLP, last layer only',
    { ...small, mode: 'instance', queries: 4, embeddingMlp: true, auxiliaryLosses: false },
  ],
] satisfies [string, SegmentationInput][])('segmentation head, %s', (_, config) => {
  for (const check of headChecks(segmentation, fixture(config), { backends: ['wasm'] })) it(check.name, check.run);
});
