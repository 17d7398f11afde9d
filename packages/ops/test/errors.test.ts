import '@tensorflow/tfjs-backend-cpu';
import { GlidError, Random } from '@glid/base';
import type { Rank } from '@tensorflow/tfjs-core';
import { enableProdMode, memory, ones, setBackend, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adamwStep,
  attention,
  drawKeepMask,
  dropPath,
  fusionNode,
  gatherRows,
  groupNorm,
  layerNorm,
  linear,
  maskProduct,
  relativePositionBias,
  resizeBilinear,
  resizeNearest,
  samplePoints,
  selectWhere,
  sinePoints,
  sinePosition,
  windowAttention,
} from '../src/index.ts';

enableProdMode();

const window = { heads: 2, window: [2, 2], shift: [0, 0] } as const;
const adamw = { learningRates: [1], weightDecays: [0], step: 1 };
const one = { parameters: [ones([2])], gradients: [ones([2])], m: [ones([2])], v: [ones([2])] };

/** What is wrong, the code, a word of the message, the call. */
const bad: [string, string, RegExp, () => unknown][] = [
  ['linear: other channels', 'GLID_SHAPE', /x \[2, 3\].*kernel \[4, 5\]/, () => linear(ones([2, 3]), ones([4, 5]))],
  ['linear: other bias', 'GLID_SHAPE', /bias \[4\]/, () => linear(ones([2, 3]), ones([3, 5]), ones([4]))],
  ['layerNorm', 'GLID_SHAPE', /gamma \[2\]/, () => layerNorm(ones([2, 3]), ones([2]), ones([3]))],
  [
    'groupNorm: rank',
    'GLID_SHAPE',
    /x \[2, 3\]/,
    () => groupNorm(ones<Rank.R4>([2, 3] as never), ones([3]), ones([3]), 1),
  ],
  ['groupNorm: groups', 'GLID_USAGE', /divide the 4/, () => groupNorm(ones([1, 1, 1, 4]), ones([4]), ones([4]), 3)],
  [
    'windowAttention: map',
    'GLID_SHAPE',
    /multiples of 2 x 2/,
    () => windowAttention(ones([1, 3, 4, 12]), ones([2, 4, 4]), window),
  ],
  [
    'windowAttention: bias',
    'GLID_SHAPE',
    /bias \[2, 4, 4\]/,
    () => windowAttention(ones([1, 2, 4, 12]), ones([1, 4, 4]), window),
  ],
  [
    'windowAttention: mask',
    'GLID_SHAPE',
    /keyMask \[B, H, W\]/,
    () => windowAttention(ones([1, 2, 4, 12]), ones([2, 4, 4]), { ...window, keyMask: ones([1, 4, 2]) }),
  ],
  [
    'windowAttention: shift',
    'GLID_USAGE',
    /shift must lie in/,
    () => windowAttention(ones([1, 2, 4, 12]), ones([2, 4, 4]), { ...window, shift: [2, 0] }),
  ],
  ['relativePositionBias', 'GLID_SHAPE', /table \[9, heads\]/, () => relativePositionBias(ones([8, 2]), [2, 2])],
  [
    'attention: lengths',
    'GLID_SHAPE',
    /v \[1, 4, 4\]/,
    () => attention(ones([1, 2, 4]), ones([1, 3, 4]), ones([1, 4, 4]), { heads: 2 }),
  ],
  [
    'attention: heads',
    'GLID_USAGE',
    /heads must divide/,
    () => attention(ones([1, 2, 4]), ones([1, 3, 4]), ones([1, 3, 4]), { heads: 3 }),
  ],
  [
    'attention: key mask',
    'GLID_SHAPE',
    /keyMask \[B, Lk\]/,
    () => attention(ones([1, 2, 4]), ones([1, 3, 4]), ones([1, 3, 4]), { heads: 1, keyMask: ones([1, 2]) }),
  ],
  [
    'attention: block mask',
    'GLID_SHAPE',
    /blockMask \[Lq, Lk\]/,
    () => attention(ones([1, 2, 4]), ones([1, 3, 4]), ones([1, 3, 4]), { heads: 1, blockMask: ones([3, 2]) }),
  ],
  ['fusionNode: none', 'GLID_SHAPE', /0 maps/, () => fusionNode([], ones([0]))],
  [
    'fusionNode: sizes',
    'GLID_SHAPE',
    /x1 \[1, 2, 2, 1\]/,
    () => fusionNode([ones([1, 2, 3, 1]), ones([1, 2, 2, 1])], ones([2])),
  ],
  ['maskProduct', 'GLID_SHAPE', /pixels \[1, 2, 2, 4\]/, () => maskProduct(ones([1, 2, 3]), ones([1, 2, 2, 4]))],
  ['resizeBilinear', 'GLID_USAGE', /positive integers, got 0 x 2/, () => resizeBilinear(ones([1, 2, 2, 1]), [0, 2])],
  ['resizeNearest', 'GLID_SHAPE', /H, W > 0/, () => resizeNearest(ones([1, 0, 2, 1]), [2, 2])],
  ['samplePoints', 'GLID_SHAPE', /points \[2, 3, 2\]/, () => samplePoints(ones([1, 2, 2]), ones([2, 3, 2]))],
  ['gatherRows: float indices', 'GLID_SHAPE', /int32/, () => gatherRows(ones([2, 3]), ones([2]))],
  ['selectWhere', 'GLID_SHAPE', /one shape/, () => selectWhere(ones([2]), ones([3]), ones([3]))],
  ['dropPath: batch', 'GLID_USAGE', /one entry a sample \(2\), got 3/, () => dropPath(ones([2, 3]), [1, 1, 1], 0.5)],
  ['dropPath: probability', 'GLID_USAGE', /\(0, 1\], got 0/, () => dropPath(ones([1, 3]), [1], 0)],
  ['sinePosition: channels', 'GLID_USAGE', /multiple of 4, got 6/, () => sinePosition(2, 2, 6)],
  ['sinePosition: mask', 'GLID_SHAPE', /mask \[B, 2, 3\]/, () => sinePosition(2, 3, 4, { mask: ones([1, 3, 2]) })],
  ['sinePoints', 'GLID_SHAPE', /points \[..., 2\]/, () => sinePoints(ones([2, 3]), 4)],
  ['adamwStep: lists', 'GLID_USAGE', /learningRates/, () => adamwStep(one, { ...adamw, learningRates: [] })],
  ['adamwStep: step', 'GLID_USAGE', /counts from 1, got 0/, () => adamwStep(one, { ...adamw, step: 0 })],
  ['adamwStep: shapes', 'GLID_SHAPE', /entry 0/, () => adamwStep({ ...one, m: [ones([3])] }, adamw)],
];

describe('bad input', () => {
  beforeAll(async () => {
    expect(await setBackend('cpu')).toBe(true);
  });

  it.each(bad)('%s', (_, code, message, call) => {
    const before = memory().numTensors;
    let caught: unknown;
    try {
      tidy(() => {
        call();
      });
    } catch (error) {
      caught = error;
    }
    expect(GlidError.isInstance(caught, code as GlidError['code'])).toBe(true);
    expect((caught as GlidError).message).toMatch(message);
    expect((caught as GlidError).message).toMatch(/(Reshape or pad|Correct the option)/);
    expect(memory().numTensors).toBe(before);
  });
});

it('drawKeepMask draws once a sample, at the given rate', () => {
  const random = new Random(7);
  const mask = drawKeepMask(random, 4000, 0.8);
  expect(new Set(mask)).toEqual(new Set([0, 1]));
  expect(mask.reduce((a, b) => a + b, 0) / 4000).toBeCloseTo(0.8, 1);
  const again = new Random(7);
  for (let i = 0; i < 4000; i++) again.uniform();
  expect(random.state).toEqual(again.state);
});
