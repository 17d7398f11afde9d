import { add, mul } from '@tensorflow/tfjs-core';
import { dropPath, gatherRows, maskGreater, selectWhere, stopGradient } from '../../src/index.ts';
import type { OpCase } from './op-case.ts';
import { binary, integers, opCase } from './op-case.ts';

function gatherCase(rows: number, channels: number, taken: number): OpCase {
  return opCase({
    op: 'gatherRows',
    what: `${taken} of [${[rows, channels]}]`,
    inputs: { x: [[rows, channels]], indices: [[taken], integers(rows)] },
    outputShape: [taken, channels],
    run: ({ x, indices }) => gatherRows(x, indices),
    reference: ({ x, indices }) => {
      const out = new Float64Array(taken * channels);
      for (let i = 0; i < taken; i++)
        out.set(x.subarray(indices[i]! * channels, (indices[i]! + 1) * channels), i * channels);
      return out;
    },
  });
}

function selectCase(shape: number[]): OpCase {
  return opCase({
    op: 'selectWhere',
    what: `[${shape}]`,
    inputs: { mask: [shape, binary()], a: [shape], b: [shape] },
    gradientOf: ['a', 'b'],
    outputShape: shape,
    run: ({ mask, a, b }) => selectWhere(mask, a, b),
    reference: ({ mask, a, b }) => a.map((value, i) => (mask[i]! > 0.5 ? value : b[i]!)),
  });
}

const keep = [1, 0, 1];

export const selectionCases: readonly OpCase[] = [
  gatherCase(5, 3, 11),
  gatherCase(7, 1, 2),
  gatherCase(4, 3, 0),
  gatherCase(300, 17, 200),
  selectCase([3, 5, 2]),
  selectCase([0]),
  opCase({
    op: 'maskGreater',
    what: 'a differentiated tensor enters only the mask',
    inputs: { x: [[4, 7]] },
    outputShape: [4, 7],
    run: ({ x }) => mul(x, maskGreater(x, 0.25)),
    reference: ({ x }) => x.map((value) => (value > 0.25 ? value : 0)),
  }),
  opCase({
    op: 'dropPath',
    what: 'three samples, one dropped',
    inputs: { x: [[3, 2, 5]] },
    outputShape: [3, 2, 5],
    run: ({ x }) => dropPath(x, keep, 0.8),
    reference: ({ x }) => x.map((value, i) => (value * keep[Math.floor(i / 10)]!) / 0.8),
  }),
  opCase({
    op: 'stopGradient',
    what: 'beside a live branch',
    inputs: { x: [[3, 5]], held: [[3, 5]] },
    gradientOf: ['x'],
    outputShape: [3, 5],
    run: ({ x, held }) => add(mul(x, 3), stopGradient(held)),
    reference: ({ x, held }) => x.map((value, i) => 3 * value + held[i]!),
  }),
];
