import type { Tensor } from '@tensorflow/tfjs-core';
import { concat, reshape } from '@tensorflow/tfjs-core';
import { adamwStep, clipByGlobalNorm, clipFactor, globalNorm } from '../../src/index.ts';
import type { OpCase } from './op-case.ts';
import { normal, opCase, size, uniform } from './op-case.ts';

const shapes: readonly (readonly number[])[] = [[3, 5], [7], [2, 1, 3], [1], [0, 4]];
const total = shapes.reduce((sum, shape) => sum + size(shape), 0);
const learningRates = [1e-3, 3e-3, 2e-2, 0, 1e-3];
const weightDecays = [0.05, 0, 0.1, 0.05, 0];

const flatten = (tensors: readonly Tensor[]): Tensor => concat(tensors.map((t) => reshape(t, [t.size])));

type Moment = 'p' | 'g' | 'm' | 'v';
const listed = (kind: Moment, draw: ReturnType<typeof normal>): [string, [readonly number[], typeof draw]][] =>
  shapes.map((shape, i) => [`${kind}${i}`, [shape, draw]]);

function adamwCase(step: number, clipped: boolean): OpCase {
  const names = (kind: Moment): string[] => shapes.map((_, i) => `${kind}${i}`);
  return opCase<string>({
    op: 'adamwStep',
    what: `step ${step}${clipped ? ', clipped to norm 1' : ''}`,
    inputs: Object.fromEntries([
      ...listed('p', normal()),
      ...listed('g', normal()),
      ...listed('m', normal(0, 0.1)),
      ...listed('v', uniform(0, 0.1)),
    ]),
    gradientOf: [],
    outputShape: [3 * total],
    run: (t) => {
      const pick = (kind: Moment): Tensor[] => names(kind).map((name) => t[name] as Tensor);
      const gradients = pick('g');
      const options = { learningRates, weightDecays, step, beta1: 0.9, beta2: 0.98, eps: 1e-8 };
      const result = adamwStep(
        { parameters: pick('p'), gradients, m: pick('m'), v: pick('v') },
        clipped ? { ...options, gradientScale: clipFactor(globalNorm(gradients), 1) } : options,
      );
      return flatten([...result.parameters, ...result.m, ...result.v]);
    },
    reference: (values) => {
      const all = (kind: Moment): number[] => names(kind).flatMap((name) => Array.from(values[name]!));
      const norm = Math.hypot(...all('g'));
      const factor = clipped ? Math.min(1, 1 / (norm + 1e-6)) : 1;
      const owner = shapes.flatMap((shape, i) => new Array<number>(size(shape)).fill(i));
      const g = all('g').map((value) => value * factor);
      const m = all('m').map((value, i) => 0.9 * value + 0.1 * g[i]!);
      const v = all('v').map((value, i) => 0.98 * value + 0.02 * g[i]! ** 2);
      const p = all('p').map((value, i) => {
        const rate = learningRates[owner[i]!]!;
        const direction = m[i]! / (1 - 0.9 ** step) / (Math.sqrt(v[i]! / (1 - 0.98 ** step)) + 1e-8);
        return value * (1 - rate * weightDecays[owner[i]!]!) - rate * direction;
      });
      return Float64Array.from([...p, ...m, ...v]);
    },
  });
}

function normCase(maximum: number | undefined): OpCase {
  return opCase<string>({
    op: maximum === undefined ? 'globalNorm' : 'clipByGlobalNorm',
    what: maximum === undefined ? 'five tensors' : `to ${maximum}`,
    inputs: Object.fromEntries(listed('g', normal())),
    gradientOf: [],
    outputShape: maximum === undefined ? [] : [total + 1],
    run: (t) => {
      const tensors = shapes.map((_, i) => t[`g${i}`] as Tensor);
      if (maximum === undefined) return globalNorm(tensors);
      const { clipped, norm } = clipByGlobalNorm(tensors, maximum);
      return flatten([...clipped, norm]);
    },
    reference: (values) => {
      const all = shapes.flatMap((_, i) => Array.from(values[`g${i}`]!));
      const norm = Math.hypot(...all);
      if (maximum === undefined) return Float64Array.of(norm);
      const factor = Math.min(1, maximum / (norm + 1e-6));
      return Float64Array.from([...all.map((g) => g * factor), norm]);
    },
  });
}

export const optimiserCases: readonly OpCase[] = [
  adamwCase(1, false),
  adamwCase(1000, false),
  adamwCase(3, true),
  normCase(undefined),
  normCase(0.1),
  normCase(1e6),
];
