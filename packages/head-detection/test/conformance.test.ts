import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { type HeadFixture, headChecks } from '@glid/head-kit/testing';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DetectionHead, type DetectionInput, detection } from '../src/index.ts';

enableProdMode();
beforeAll(async () => {
  await wasm({ nativeGemm: 'off' }).create(); // to compare with
  expect(await setBackend('cpu')).toBe(true);
});

const fixture = (config: DetectionInput): HeadFixture<DetectionInput, DetectionHead> => ({
  config,
  invalidConfigs: [
    {},
    { labels: [] },
    { labels: ['a', 'a'] },
    { labels: ['a'], queries: 0 },
    { labels: ['a'], noObjectWeight: 2 },
    { labels: ['a'], lossWeights: { class: -1 } },
  ],
  makeTarget(height, width, random) {
    const boxes = new Float32Array(8);
    for (let i = 0; i < 2; i++) {
      const w = random.uniform(0.2, 0.5) * width;
      const h = random.uniform(0.2, 0.5) * height;
      const x = random.uniform(0, width - w);
      const y = random.uniform(0, height - h);
      boxes.set([x, y, x + w, y + h], 4 * i);
    }
    return {
      boxes: { data: boxes, shape: [2, 4] },
      labels: { data: Int32Array.from([0, 1]), shape: [2] },
      crowds: { data: new Int32Array(2), shape: [2] },
      areas: {
        data: Float32Array.from([0, 4], (i) => (boxes[i + 2]! - boxes[i]!) * (boxes[i + 3]! - boxes[i + 1]!)),
        shape: [2],
      },
    };
  },
  perfectResult: (target, meta) => ({
    size: meta.originalSize,
    detections: Array.from(target.labels.data, (label, i) => ({
      label: config.labels[label]!,
      score: 1,
      box: Array.from(target.boxes.data.subarray(4 * i, 4 * i + 4)) as [number, number, number, number],
      query: i,
    })),
  }),
  idealMetric: 1,
});

describe.each([
  ['as in the paper', { labels: ['cell', 'nucleus'], queries: 7 }],
  ['with placed queries', { labels: ['cell', 'nucleus'], queries: 7, placedQueries: true }],
  ['with an MLP, last layer only', { labels: ['cell', 'nucleus'], queries: 5, boxMlp: true, auxiliaryLosses: false }],
] satisfies [string, DetectionInput][])('detection head %s', (_, config) => {
  for (const check of headChecks(detection, fixture(config), { backends: ['wasm'] })) it(check.name, check.run);
});
