import { concat } from '@tensorflow/tfjs-core';
import { gelu, groupNorm, layerNorm, linear, linearAdd, linears, squaresNorm, swish } from '../../src/index.ts';
import type { OpCase } from './op-case.ts';
import { normal, opCase, size, uniform } from './op-case.ts';
import * as exact from './reference/basic.ts';

type Activation = 'gelu' | 'relu' | undefined;

function linearCase(rows: number[], from: number, to: number, activation: Activation, withBias = true): OpCase {
  const act = activation === 'gelu' ? exact.gelu : activation === 'relu' ? exact.relu : (x: number): number => x;
  return opCase<'x' | 'kernel' | 'bias'>({
    op: 'linear',
    what: `[${rows}, ${from}] -> ${to}, ${activation ?? 'no activation'}, ${withBias ? 'bias' : 'no bias'}`,
    inputs: { x: [[...rows, from]], kernel: [[from, to], normal(0, from ** -0.5)], bias: [[to]] },
    gradientOf: withBias ? ['x', 'kernel', 'bias'] : ['x', 'kernel'],
    outputShape: [...rows, to],
    run: ({ x, kernel, bias }) => linear(x, kernel, withBias ? bias : undefined, activation),
    reference: ({ x, kernel, bias }) => {
      const z = exact.matrixProduct(x, kernel, size(rows), from, to);
      return z.map((value, i) => act(value + (withBias ? bias[i % to]! : 0)));
    },
  });
}

function linearAddCase(rows: number[], from: number, to: number, withBias = true): OpCase {
  return opCase<'x' | 'kernel' | 'bias' | 'residual'>({
    op: 'linearAdd',
    what: `[${rows}, ${from}] -> ${to}, ${withBias ? 'bias' : 'no bias'}`,
    inputs: {
      ...{ x: [[...rows, from]], kernel: [[from, to], normal(0, Math.max(1, from) ** -0.5)] },
      ...{ bias: [[to]], residual: [[...rows, to]] },
    },
    gradientOf: withBias ? ['x', 'kernel', 'bias', 'residual'] : ['x', 'kernel', 'residual'],
    outputShape: [...rows, to],
    run: ({ x, kernel, bias, residual }) => linearAdd(x, kernel, withBias ? bias : undefined, residual),
    reference: ({ x, kernel, bias, residual }) =>
      exact
        .matrixProduct(x, kernel, size(rows), from, to)
        .map((value, i) => value + residual[i]! + (withBias ? bias[i % to]! : 0)),
  });
}

/** Two layers of different sizes on one input: `added` with a batch axis of 1, no bias, and the products side by side. */
function linearsCase(batch: number, rows: number, from: number, to: number): OpCase {
  return opCase<'x' | 'added' | 'kernel' | 'bias' | 'other'>({
    op: 'linears',
    what: `[${[batch, rows, from]}] -> ${to} and 3`,
    inputs: {
      ...{ x: [[batch, rows, from]], added: [[1, rows, from]], bias: [[to]] },
      ...{ kernel: [[from, to], normal(0, from ** -0.5)], other: [[from, 3], normal(0, from ** -0.5)] },
    },
    outputShape: [batch, rows, to + 3],
    run: ({ x, added, kernel, bias, other }) =>
      concat(
        linears([
          { x, added, kernel, bias },
          { x, kernel: other },
        ]),
        2,
      ),
    reference: ({ x, added, kernel, bias, other }) => {
      const placed = x.map((value, i) => value + added[i % added.length]!);
      const first = exact.matrixProduct(placed, kernel, batch * rows, from, to);
      const second = exact.matrixProduct(x, other, batch * rows, from, 3);
      const out = new Float64Array(batch * rows * (to + 3));
      for (let row = 0; row < batch * rows; row++) {
        for (let c = 0; c < to; c++) out[row * (to + 3) + c] = first[row * to + c]! + bias[c]!;
        for (let c = 0; c < 3; c++) out[row * (to + 3) + to + c] = second[row * 3 + c]!;
      }
      return out;
    },
  });
}

function elementwiseCase(op: string, run: typeof gelu, value: (x: number) => number, shape: number[]): OpCase {
  return opCase({
    op,
    what: `[${shape}]`,
    inputs: { x: [shape, uniform(-7, 7)] },
    outputShape: shape,
    run: ({ x }) => run(x),
    reference: ({ x }) => x.map(value),
  });
}

function layerNormCase(rows: number[], channels: number, epsilon: number, offset = 0): OpCase {
  return opCase({
    op: 'layerNorm',
    what: `[${rows}, ${channels}], eps ${epsilon}${offset ? `, mean ${offset}` : ''}`,
    inputs: { x: [[...rows, channels], normal(offset, 2)], gamma: [[channels], normal(1)], beta: [[channels]] },
    outputShape: [...rows, channels],
    run: ({ x, gamma, beta }) => layerNorm(x, gamma, beta, epsilon),
    reference: ({ x, gamma, beta }) => {
      const out = new Float64Array(x.length);
      for (let row = 0; row < x.length; row += channels) {
        const at = Array.from({ length: channels }, (_, c) => row + c);
        exact.standardise(x, at, epsilon, out);
      }
      return out.map((value, i) => value * gamma[i % channels]! + beta[i % channels]!);
    },
  });
}

function squaresNormCase(batch: number, height: number, width: number, channels: number): OpCase {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  return opCase({
    op: 'squaresNorm',
    what: `[${[batch, height, width, channels]}]`,
    inputs: {
      ...{ x: [[batch, height, width, channels], normal(0.5, 2)] as const },
      ...{ gamma: [[4 * channels], normal(1)] as const, beta: [[4 * channels]] as const },
    },
    outputShape: [batch, rows, columns, 4 * channels],
    run: ({ x, gamma, beta }) => squaresNorm(x, gamma, beta),
    reference: ({ x, gamma, beta }) => {
      const cell = (b: number, y: number, x0: number, c: number): number =>
        y < height && x0 < width ? x[((b * height + y) * width + x0) * channels + c]! : 0;
      const squares: number[] = [];
      for (let b = 0; b < batch; b++)
        for (let row = 0; row < rows; row++)
          for (let column = 0; column < columns; column++)
            for (const [down, right] of [
              [0, 0],
              [1, 0],
              [0, 1],
              [1, 1],
            ] as const)
              for (let c = 0; c < channels; c++) squares.push(cell(b, 2 * row + down, 2 * column + right, c));
      const [values, out] = [Float64Array.from(squares), new Float64Array(squares.length)];
      const length = 4 * channels;
      for (let first = 0; first < squares.length; first += length) {
        exact.standardise(
          values,
          Array.from({ length }, (_, c) => first + c),
          1e-5,
          out,
        );
      }
      return out.map((value, i) => value * gamma[i % length]! + beta[i % length]!);
    },
  });
}

function groupNormCase(shape: [number, number, number, number], groups: number): OpCase {
  const [batch, height, width, channels] = shape;
  return opCase({
    op: 'groupNorm',
    what: `[${shape}], ${groups} groups`,
    inputs: { x: [shape, normal(1, 2)], gamma: [[channels], normal(1)], beta: [[channels]] },
    outputShape: shape,
    run: ({ x, gamma, beta }) => groupNorm(x, gamma, beta, groups),
    reference: ({ x, gamma, beta }) => {
      const out = new Float64Array(x.length);
      const perGroup = channels / groups;
      for (let b = 0; b < batch; b++) {
        for (let g = 0; g < groups; g++) {
          const at: number[] = [];
          for (let p = 0; p < height * width; p++) {
            for (let c = 0; c < perGroup; c++) at.push((b * height * width + p) * channels + g * perGroup + c);
          }
          exact.standardise(x, at, 1e-5, out);
        }
      }
      return out.map((value, i) => value * gamma[i % channels]! + beta[i % channels]!);
    },
  });
}

export const denseCases: readonly OpCase[] = [
  squaresNormCase(2, 4, 6, 3),
  squaresNormCase(1, 3, 5, 10),
  linearsCase(2, 5, 7, 4),
  linearsCase(1, 37, 20, 40),
  linearAddCase([2, 5], 7, 4),
  linearAddCase([9], 3, 33, false),
  linearCase([5], 7, 3, undefined),
  linearCase([5], 7, 3, undefined, false),
  linearCase([2, 3, 5], 7, 9, 'gelu'),
  linearCase([2, 3, 5], 7, 9, 'gelu', false),
  linearCase([3, 5], 13, 6, 'relu'),
  linearCase([3, 5], 13, 6, 'relu', false),
  linearCase([1], 1, 1, 'gelu'),
  linearCase([0], 4, 3, 'gelu'),
  linearCase([2, 98], 96, 130, 'gelu'),
  elementwiseCase('gelu', gelu, exact.gelu, [3, 5, 7]),
  elementwiseCase('gelu', gelu, exact.gelu, [1]),
  elementwiseCase('gelu', gelu, exact.gelu, [0, 3]),
  elementwiseCase('gelu', gelu, exact.gelu, [2, 3001]),
  elementwiseCase('swish', swish, exact.swish, [3, 5, 7]),
  elementwiseCase('swish', swish, exact.swish, [0, 3]),
  layerNormCase([2, 3, 5], 7, 1e-5),
  layerNormCase([4], 1, 1e-5),
  layerNormCase([2, 3], 33, 1e-6, 20),
  layerNormCase([0, 3], 8, 1e-5),
  layerNormCase([197], 96, 1e-5),
  groupNormCase([2, 3, 5, 6], 3),
  groupNormCase([2, 1, 1, 6], 2),
  groupNormCase([1, 5, 3, 4], 1),
  groupNormCase([2, 9, 7, 32], 8),
];
