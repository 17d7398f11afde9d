import type { Tensor } from '@tensorflow/tfjs-core';
import {
  concat,
  exp,
  log,
  logSumExp,
  matMul,
  max,
  mean,
  mul,
  pad,
  sigmoid,
  slice,
  softmax,
  sqrt,
  sum,
  tile,
  transpose,
} from '@tensorflow/tfjs-core';
import type { OpCase } from './op-case.ts';
import { opCase, size, uniform } from './op-case.ts';
import { matrixProduct, sigmoid as sigmoidExact, softmaxRow } from './reference/basic.ts';

/** tfjs's own kernels, as the model uses them. */

function matMulCase(
  batch: number[],
  m: number,
  k: number,
  n: number,
  transposeA: boolean,
  transposeB: boolean,
): OpCase {
  const count = size(batch);
  const stored = (rows: number, columns: number, flipped: boolean): number[] =>
    flipped ? [...batch, columns, rows] : [...batch, rows, columns];
  const plain = (values: Float64Array, b: number, rows: number, columns: number, flipped: boolean): Float64Array =>
    Float64Array.from({ length: rows * columns }, (_, i) => {
      const [r, c] = [Math.floor(i / columns), i % columns];
      return values[b * rows * columns + (flipped ? c * rows + r : i)]!;
    });
  return opCase({
    op: 'tfjs matMul',
    what: `[${batch}] ${m} x ${k} x ${n}${transposeA ? ', A transposed' : ''}${transposeB ? ', B transposed' : ''}`,
    inputs: { a: [stored(m, k, transposeA)], b: [stored(k, n, transposeB)] },
    outputShape: [...batch, m, n],
    run: ({ a, b }) => matMul(a, b, transposeA, transposeB),
    reference: ({ a, b }) => {
      const out = new Float64Array(count * m * n);
      for (let i = 0; i < count; i++) {
        out.set(matrixProduct(plain(a, i, m, k, transposeA), plain(b, i, k, n, transposeB), m, k, n), i * m * n);
      }
      return out;
    },
  });
}

/** An op that only moves values: the reference moves indices, computed with the same permutation on the host. */
function moveCase(
  op: string,
  what: string,
  shape: number[],
  outputShape: number[],
  run: (x: Tensor) => Tensor,
  sourceOf: (out: number[]) => number[] | undefined,
): OpCase {
  return opCase({
    op: `tfjs ${op}`,
    what,
    inputs: { x: [shape] },
    outputShape,
    run: ({ x }) => run(x),
    reference: ({ x }) =>
      Float64Array.from({ length: size(outputShape) }, (_, flat) => {
        const at: number[] = [];
        for (let axis = outputShape.length - 1, rest = flat; axis >= 0; axis--) {
          at[axis] = rest % outputShape[axis]!;
          rest = Math.floor(rest / outputShape[axis]!);
        }
        const source = sourceOf(at);
        return source === undefined ? 0 : x[source.reduce((index, i, axis) => index * shape[axis]! + i, 0)]!;
      }),
  });
}

function rowCase(
  op: string,
  run: (x: Tensor) => Tensor,
  row: (values: Float64Array) => ArrayLike<number>,
  out: number,
  low = -3,
): OpCase {
  return opCase({
    op: `tfjs ${op}`,
    what: 'last axis of [3, 4, 7]',
    inputs: { x: [[3, 4, 7], uniform(low, 3)] },
    outputShape: out === 1 ? [3, 4] : [3, 4, out],
    run: ({ x }) => run(x),
    reference: ({ x }) =>
      Float64Array.from(Array.from({ length: 12 }, (_, r) => Array.from(row(x.subarray(r * 7, (r + 1) * 7)))).flat()),
  });
}

const total = (row: Float64Array): number => row.reduce((a, b) => a + b, 0);

export const tfjsCases: readonly OpCase[] = [
  ...[false, true].flatMap((a) =>
    [false, true].flatMap((b) => [
      matMulCase([], 5, 7, 3, a, b),
      matMulCase([2, 3], 4, 5, 6, a, b),
      matMulCase([], 65, 33, 49, a, b),
    ]),
  ),
  matMulCase([2], 0, 3, 4, false, false),
  moveCase(
    'transpose',
    '[0, 2, 1, 3]',
    [2, 3, 4, 5],
    [2, 4, 3, 5],
    (x) => transpose(x, [0, 2, 1, 3]),
    ([a, b, c, d]) => [a!, c!, b!, d!],
  ),
  moveCase(
    'transpose',
    '[0, 3, 1, 2]',
    [2, 3, 4, 5],
    [2, 5, 3, 4],
    (x) => transpose(x, [0, 3, 1, 2]),
    ([a, b, c, d]) => [a!, c!, d!, b!],
  ),
  moveCase(
    'transpose',
    '[2, 0, 1]',
    [3, 4, 5],
    [5, 3, 4],
    (x) => transpose(x, [2, 0, 1]),
    ([a, b, c]) => [b!, c!, a!],
  ),
  moveCase(
    'slice',
    'middle',
    [3, 4, 5],
    [2, 3, 4],
    (x) => slice(x, [1, 1, 0], [2, 3, 4]),
    ([a, b, c]) => [a! + 1, b! + 1, c!],
  ),
  moveCase(
    'pad',
    'zeros right and below',
    [2, 3, 4, 2],
    [2, 5, 7, 2],
    (x) =>
      pad(x, [
        [0, 0],
        [0, 2],
        [0, 3],
        [0, 0],
      ]),
    ([a, b, c, d]) => (b! < 3 && c! < 4 ? [a!, b!, c!, d!] : undefined),
  ),
  moveCase(
    'tile',
    'twice',
    [1, 3, 2],
    [2, 3, 4],
    (x) => tile(x, [2, 1, 2]),
    ([, b, c]) => [0, b!, c! % 2],
  ),
  moveCase(
    'concat',
    'with itself',
    [2, 3],
    [2, 6],
    (x) => concat([x, x], 1),
    ([a, b]) => [a!, b! % 3],
  ),
  rowCase('softmax', (x) => softmax(x), softmaxRow, 7),
  rowCase(
    'sum',
    (x) => sum(x, -1),
    (row) => [total(row)],
    1,
  ),
  rowCase(
    'mean',
    (x) => mean(x, -1),
    (row) => [total(row) / 7],
    1,
  ),
  rowCase(
    'max',
    (x) => max(x, -1),
    (row) => [Math.max(...row)],
    1,
  ),
  rowCase(
    'logSumExp',
    (x) => logSumExp(x, -1),
    (row) => [Math.log(total(row.map(Math.exp)))],
    1,
  ),
  rowCase('sigmoid', sigmoid, (row) => row.map(sigmoidExact), 7),
  rowCase('exp', exp, (row) => row.map(Math.exp), 7),
  rowCase('log', log, (row) => row.map(Math.log), 7, 0.1),
  rowCase('sqrt', sqrt, (row) => row.map(Math.sqrt), 7, 0.1),
  opCase({
    op: 'tfjs sum',
    what: 'axis 0 of [5, 3]',
    inputs: { x: [[5, 3]] },
    outputShape: [3],
    run: ({ x }) => sum(x, 0),
    reference: ({ x }) => Float64Array.from([0, 1, 2], (c) => total(x.filter((_, i) => i % 3 === c))),
  }),
  opCase({
    op: 'tfjs mul',
    what: '[2, 3, 4] x [4]',
    inputs: { a: [[2, 3, 4]], b: [[4]] },
    outputShape: [2, 3, 4],
    run: ({ a, b }) => mul(a, b),
    reference: ({ a, b }) => a.map((value, i) => value * b[i % 4]!),
  }),
];
