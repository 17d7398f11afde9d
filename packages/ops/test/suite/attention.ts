import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import {
  attention,
  attentionWeights,
  relativePositionBias,
  relativeWindowAttention,
  windowAttention,
} from '../../src/index.ts';
import type { OpCase } from './op-case.ts';
import { binary, fixed, normal, opCase } from './op-case.ts';
import * as exact from './reference/attention.ts';

function windowCase(what: string, shape: exact.WindowShape, mask?: 'random' | 'hidden'): OpCase {
  const { batch, size, channels, heads, window, shift } = shape;
  const positions = window[0] * window[1];
  const cells = batch * size[0] * size[1];
  // 'hidden': nothing visible in the first picture, so every one of its windows is without keys.
  const hidden = fixed(...Array.from({ length: cells }, (_, i) => (i < cells / batch ? 0 : 1)));
  return opCase<'qkv' | 'bias' | 'keyMask'>({
    op: 'windowAttention',
    what,
    inputs: {
      qkv: [[batch, ...size, 3 * channels]],
      bias: [[heads, positions, positions]],
      keyMask: [[batch, ...size], mask === 'hidden' ? hidden : binary(0.5)],
    },
    gradientOf: ['qkv', 'bias'],
    outputShape: [batch, ...size, channels],
    run: ({ qkv, bias, keyMask }) =>
      windowAttention(qkv, bias, { heads, window, shift, ...(mask ? { keyMask: keyMask as Tensor3D } : {}) }),
    reference: ({ qkv, bias, keyMask }) => exact.windowAttention(shape, qkv, bias, mask ? keyMask : undefined),
  });
}

function biasCase(heads: number, window: readonly [number, number]): OpCase {
  const [height, width] = window;
  const rows = (2 * height - 1) * (2 * width - 1);
  const positions = height * width;
  return opCase({
    op: 'relativePositionBias',
    what: `window ${window.join(' x ')}, ${heads} heads`,
    inputs: { table: [[rows, heads]] },
    outputShape: [heads, positions, positions],
    run: ({ table }) => relativePositionBias(table, window),
    reference: ({ table }) => {
      const out = new Float64Array(heads * positions * positions);
      for (let h = 0, at = 0; h < heads; h++) {
        for (let i = 0; i < positions; i++) {
          for (let j = 0; j < positions; j++, at++) {
            const down = Math.floor(i / width) - Math.floor(j / width) + height - 1;
            const right = (i % width) - (j % width) + width - 1;
            out[at] = table[(down * (2 * width - 1) + right) * heads + h]!;
          }
        }
      }
      return out;
    },
  });
}

function relativeWindowCase(what: string, shape: exact.WindowShape, masked = false): OpCase {
  const { batch, size, channels, heads, window, shift } = shape;
  const rows = (2 * window[0] - 1) * (2 * window[1] - 1);
  const bias = biasCase(heads, window);
  return opCase<'qkv' | 'table' | 'keyMask'>({
    op: 'relativeWindowAttention',
    what,
    inputs: { qkv: [[batch, ...size, 3 * channels]], table: [[rows, heads]], keyMask: [[batch, ...size], binary(0.5)] },
    gradientOf: ['qkv', 'table'],
    outputShape: [batch, ...size, channels],
    run: ({ qkv, table, keyMask }) =>
      relativeWindowAttention(qkv, table, {
        heads,
        window,
        shift,
        ...(masked ? { keyMask: keyMask as Tensor3D } : {}),
      }),
    reference: ({ qkv, table, keyMask }) =>
      exact.windowAttention(shape, qkv, bias.reference({ table }), masked ? keyMask : undefined),
  });
}

interface Masks {
  readonly key?: 'random' | 'hidden';
  readonly block?: boolean;
}

function attentionCase(what: string, shape: exact.AttentionShape, masks: Masks = {}, weightsOnly = false): OpCase {
  const { batch, queries, keys, channels, heads } = shape;
  const hidden = fixed(...Array.from({ length: batch * keys }, (_, i) => (i < keys ? 0 : 1)));
  const pick = <T>(keyMask: T, blockMask: T): { keyMask?: T; blockMask?: T } => ({
    ...(masks.key ? { keyMask } : {}),
    ...(masks.block ? { blockMask } : {}),
  });
  return opCase<'q' | 'k' | 'v' | 'keyMask' | 'blockMask'>({
    op: weightsOnly ? 'attentionWeights' : 'attention',
    what,
    inputs: {
      q: [[batch, queries, channels], normal(0, 1.5)],
      k: [[batch, keys, channels], normal(0, 1.5)],
      v: [[batch, keys, channels]],
      keyMask: [[batch, keys], masks.key === 'hidden' ? hidden : binary(0.6)],
      blockMask: [[queries, keys], binary(0.4)],
    },
    gradientOf: weightsOnly ? [] : ['q', 'k', 'v'],
    outputShape: weightsOnly ? [batch, heads, queries, keys] : [batch, queries, channels],
    run: ({ q, k, v, keyMask, blockMask }) => {
      const options = { heads, ...pick(keyMask as Tensor2D, blockMask as Tensor2D) };
      return weightsOnly ? attentionWeights(q, k, options) : attention(q, k, v, options);
    },
    reference: ({ q, k, v, keyMask, blockMask }) => {
      const result = exact.attention(shape, { q, k, v, ...pick(keyMask, blockMask) });
      return weightsOnly ? result.weights : result.out;
    },
  });
}

const small = { batch: 2, size: [4, 6], channels: 6, heads: 2, window: [2, 3] } as const;
const cross = { batch: 2, queries: 5, keys: 7, channels: 6, heads: 3 };

export const attentionCases: readonly OpCase[] = [
  relativeWindowCase('shifted 3 x 2 windows, two pictures', {
    ...{ batch: 2, size: [6, 4], channels: 4, heads: 2, window: [3, 2], shift: [1, 1] },
  }),
  relativeWindowCase('masked', { batch: 1, size: [4, 6], channels: 6, heads: 3, window: [2, 3], shift: [1, 0] }, true),
  windowCase('no shift', { ...small, shift: [0, 0] }),
  windowCase('shifted along both axes', { ...small, shift: [1, 2] }),
  windowCase('shifted down only', { ...small, shift: [1, 0] }),
  windowCase('shifted right only', { ...small, shift: [0, 1] }),
  windowCase('one window', { ...small, size: [2, 3], shift: [0, 0] }),
  windowCase('one window, shifted', { ...small, size: [2, 3], shift: [1, 1] }),
  windowCase('windows as wide as the map', { ...small, size: [6, 3], shift: [0, 0] }),
  windowCase('one head, window of one position', { ...small, heads: 1, window: [1, 1], shift: [0, 0] }),
  windowCase('padding', { ...small, shift: [0, 0] }, 'random'),
  windowCase('padding, shifted', { ...small, shift: [1, 1] }, 'random'),
  windowCase('windows without a visible key', { ...small, shift: [1, 1] }, 'hidden'),
  windowCase('no pictures', { ...small, batch: 0, shift: [1, 1] }),
  windowCase('Swin: 14 x 21, window 7, shift 3, 32 channels a head', {
    batch: 1,
    size: [14, 21],
    channels: 64,
    heads: 2,
    window: [7, 7],
    shift: [3, 3],
  }),
  biasCase(2, [2, 3]),
  biasCase(1, [1, 1]),
  biasCase(3, [7, 7]),
  biasCase(2, [4, 1]),
  attentionCase('cross, 3 heads', cross),
  attentionCase('one head', { ...cross, heads: 1 }),
  attentionCase('one key', { ...cross, keys: 1 }),
  attentionCase('one query', { ...cross, queries: 1 }),
  attentionCase('no queries', { ...cross, queries: 0 }),
  attentionCase('key padding', cross, { key: 'random' }),
  attentionCase('a picture without a visible key', cross, { key: 'hidden' }),
  attentionCase('block mask', cross, { block: true }),
  attentionCase('key padding and block mask', { ...cross, queries: 11, keys: 4 }, { key: 'random', block: true }),
  attentionCase('100 queries, 65 keys, 8 heads of 32', { batch: 1, queries: 100, keys: 65, channels: 256, heads: 8 }),
  attentionCase('key padding and block mask', { ...cross, queries: 11, keys: 4 }, { key: 'random', block: true }, true),
  attentionCase('no masks', cross, {}, true),
];
