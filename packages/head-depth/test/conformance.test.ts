import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { type HeadFixture, headChecks } from '@glid/head-kit/testing';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DepthHead, type DepthInput, depth } from '../src/index.ts';

enableProdMode();
beforeAll(async () => {
  await wasm({ nativeGemm: 'off' }).create(); // to compare with
  expect(await setBackend('cpu')).toBe(true);
});

const fixture = (config: DepthInput): HeadFixture<DepthInput, DepthHead> => ({
  config,
  invalidConfigs: [
    { bins: 1 },
    { minDepth: 0 },
    { minDepth: 4, maxDepth: 3 },
    { binNorm: 'sigmoid' },
    { chamferWeight: -1 },
  ],
  makeTarget(height, width, random) {
    const [near, slope] = [random.uniform(1, 3), random.uniform(0.5, 3)];
    const data = Float32Array.from(
      { length: height * width },
      (_, i) => near + (slope * Math.floor(i / width)) / height + 0.5 * ((i % width) / width),
    );
    return { depth: { data, shape: [height, width] } };
  },
  perfectResult: (target, meta) => ({ depth: target.depth.data as Float32Array, size: meta.originalSize }),
  idealMetric: 0,
});

describe.each([
  ['as in the paper', { bins: 6 }],
  ['as AdaBins', { bins: 6, binNorm: 'linear', chamferWeight: 0.1, auxiliaryLosses: false }],
  ['as BinsFormer', { bins: 6, loss: 'binsformer', embeddingMlp: true }],
] satisfies [string, DepthInput][])('depth head %s', (_, config) => {
  for (const check of headChecks(depth, fixture(config), { backends: ['wasm'] })) it(check.name, check.run);
});
