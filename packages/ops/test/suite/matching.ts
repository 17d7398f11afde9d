import { Random } from '@glid/base';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { concat, reshape } from '@tensorflow/tfjs-core';
import { maskCosts } from '../../src/index.ts';
import { normal, type OpCase, opCase } from './op-case.ts';
import * as exact from './reference/maps.ts';

function maskCostsCase(
  counts: readonly number[],
  layers: number,
  queries: number,
  size: exact.Size,
  count: number,
): OpCase {
  const what = `${counts.join(' and ')} targets, ${layers} layers of ${queries} masks ${size.join(' x ')}, ${count} points`;
  const random = Random.derive(1, 'maskCosts', what);
  const drawn = (length: number, low: number, high: number): Float32Array =>
    Float32Array.from({ length }, () => random.uniform(low, high));
  const points = counts.map(() => drawn(2 * count, -0.1, 1.1));
  const targets = counts.map((own) => drawn(own * count, 0, 1));
  const names = Array.from({ length: layers }, (_, l) => `x${l}`);
  const area = queries * size[0] * size[1];
  const total = counts.reduce((a, b) => a + b, 0);
  return opCase<string>({
    op: 'maskCosts',
    what,
    inputs: Object.fromEntries(names.map((name) => [name, [[counts.length, queries, ...size], normal(0, 4)] as const])),
    gradientOf: [],
    outputShape: [2 * total * layers * queries],
    run: (t) => {
      const { crossEntropy, dice } = maskCosts(
        names.map((name) => t[name] as Tensor4D),
        points,
        targets,
      );
      return concat([reshape(crossEntropy, [-1]), reshape(dice, [-1])]);
    },
    reference: (values) => {
      const crossEntropy: number[] = [];
      const dice: number[] = [];
      for (const [b, own] of counts.entries()) {
        const each = new Float64Array(queries * 2 * count);
        for (let q = 0; q < queries; q++) each.set(points[b]!, q * 2 * count);
        const samples = names.map((name) =>
          exact.samplePoints(values[name]!.subarray(b * area, (b + 1) * area), each, queries, size, count),
        );
        for (let t = 0; t < own; t++) {
          const target = targets[b]!.subarray(t * count, (t + 1) * count);
          for (const layer of samples) {
            for (let q = 0; q < queries; q++) {
              const [ce, dc] = costs(layer.subarray(q * count, (q + 1) * count), target);
              crossEntropy.push(ce);
              dice.push(dc);
            }
          }
        }
      }
      return Float64Array.from([...crossEntropy, ...dice]);
    },
  });
}

function costs(logits: Float64Array, target: Float32Array): [crossEntropy: number, dice: number] {
  const sums = { entropy: 0, overlap: 0, both: 0 };
  logits.forEach((x, p) => {
    const t = target[p]!;
    const share = 1 / (1 + Math.exp(-x));
    sums.entropy += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - x * t;
    sums.overlap += share * t;
    sums.both += share + t;
  });
  return [sums.entropy / logits.length, 1 - (2 * sums.overlap + 1) / (sums.both + 1)];
}

export const matchingCases: readonly OpCase[] = [
  maskCostsCase([2, 1], 2, 3, [4, 5], 7),
  maskCostsCase([1, 0, 3], 1, 5, [3, 2], 64),
  maskCostsCase([3], 3, 2, [1, 6], 130),
];
