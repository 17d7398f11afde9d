import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { type HeadFixture, headChecks } from '@glid/head-kit/testing';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type PoseHead, type PoseInput, pose } from '../src/index.ts';

enableProdMode();
beforeAll(async () => {
  await wasm({ nativeGemm: 'off' }).create(); // to compare with
  expect(await setBackend('cpu')).toBe(true);
});

const arm: PoseInput = {
  joints: ['head', 'left_hand', 'right_hand'],
  flipPairs: [[1, 2]],
  sigmas: [0.1, 0.1, 0.1],
  edges: [
    [0, 1],
    [0, 2],
  ],
  sigma: 1,
};

const fixture = (config: PoseInput): HeadFixture<PoseInput, PoseHead> => ({
  config,
  invalidConfigs: [
    {},
    { ...arm, joints: [] },
    { ...arm, sigmas: [0.1] },
    { ...arm, flipPairs: [[1, 3]] },
    { ...arm, edges: [[0]] },
    { ...arm, decoding: 'soft' },
  ],
  makeTarget(height, width, random) {
    const data = new Float32Array(9);
    for (let j = 0; j < 3; j++) {
      data.set([random.uniform(0.2, 0.8) * width, random.uniform(0.2, 0.8) * height, 2], 3 * j);
    }
    return {
      joints: { data, shape: [1, 3, 3] },
      boxes: { data: Float32Array.of(0, 0, width, height), shape: [1, 4] },
      areas: { data: Float32Array.of(width * height), shape: [1] },
    };
  },
  perfectResult: (target, meta) => ({
    size: meta.originalSize,
    score: 1,
    joints: arm.joints.map((name, j) => ({
      name,
      x: target.joints!.data[3 * j]!,
      y: target.joints!.data[3 * j + 1]!,
      score: 1,
    })),
  }),
  idealMetric: 1,
});

describe.each([
  ['as in the paper', arm],
  ['classic', { ...arm, encoding: 'quantised', decoding: 'quarter' }],
  ['with a softmax over the cells', { ...arm, loss: 'crossEntropy' }],
  ['with an MLP, every layer', { ...arm, embeddingMlp: true, auxiliaryLosses: true }],
] satisfies [string, PoseInput][])('pose head %s', (_, config) => {
  for (const check of headChecks(pose, fixture(config), { backends: ['wasm'] })) it(check.name, check.run);
});
