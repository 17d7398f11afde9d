import { gelu, groupNorm, layerNorm, linear, swish } from '../../src/index.ts';
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
