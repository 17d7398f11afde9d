import { Random } from '@glid/base';
import {
  dispose,
  matMul,
  mul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adabinsSilog,
  binCentres,
  binsformerSilog,
  binWidths,
  boxesToCorners,
  boxOverlap,
  btsSilog,
  chamferLoss,
  diceLoss,
  giouLoss,
  heatmapCrossEntropy,
  heatmapMse,
  heatmapOhkm,
  l1Loss,
  maskCrossEntropyLoss,
  matchChamfer,
  noObjectWeights,
  sigmoidCrossEntropy,
  sigmoidFocal,
  silogLoss,
  sumTerms,
  weightedCrossEntropy,
} from '../src/index.ts';
import { differenceToSlopes, leaked, useCpu, valueAndGradients } from './tensors.ts';

beforeAll(useCpu);

const random = new Random(11);
const normal = (shape: number[], std = 1): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal(0, std)),
    shape,
  );
const uniform = (shape: number[], low: number, high: number): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.uniform(low, high)),
    shape,
  );
const value = (x: Tensor): number => x.dataSync()[0]!;

describe('closed forms', () => {
  it('depth: 1, 2, 4, 8 m predicted as 1.1, 1.8, 4.4, 7', () => {
    const target = tensor([1, 2, 4, 8]);
    const predicted = tensor([1.1, 1.8, 4.4, 7]);
    const valid = tensor([1, 1, 1, 1]);
    expect(value(silogLoss(predicted, target, valid, adabinsSilog))).toBeCloseTo(1.2460943, 5);
    expect(value(silogLoss(predicted, target, valid, binsformerSilog))).toBeCloseTo(1.2455731, 5);
  });

  it.each([
    ['linear', [0.0227273, 0.0227273, 0.25, 0.7045455], [0.114625, 0.341875, 1.705375, 6.477625]],
    ['softmax', [0.0152194, 0.0413707, 0.1124572, 0.8309527], [0.0770895, 0.3600119, 1.1290745, 5.8456522]],
  ] as const)('bins of -1, 0, 1, 3 over 0.001..10 m, %s', (norm, widths, centres) => {
    const w = binWidths(tensor2d([[-1, 0, 1, 3]]), norm);
    const centre = binCentres(w, 1e-3, 10).dataSync();
    for (const [i, width] of w.dataSync().entries()) {
      expect(width).toBeCloseTo(widths[i]!, 6);
      expect(centre[i]).toBeCloseTo(centres[i]!, 5);
    }
  });

  it.each([
    [[0, 0, 2, 2], [1, 1, 3, 3], -0.0793651],
    [[0, 0, 1, 1], [2, 2, 3, 3], -0.7777778],
    [[0, 0, 4, 4], [1, 1, 3, 3], 0.25],
    [[1, 1, 1, 1], [1, 1, 1, 1], 0],
  ])('GIoU of %j and %j', (a, b, expected) => {
    expect(value(boxOverlap(tensor2d([a]), tensor2d([b])).giou)).toBeCloseTo(expected, 6);
  });

  it('mask cross-entropy and dice of logits 2, -1, 0.5, -3 for 1, 0, 0, 1', () => {
    const logits = tensor2d([[2, -1, 0.5, -3]]);
    const targets = tensor2d([[1, 0, 0, 1]]);
    expect(value(maskCrossEntropyLoss(logits, targets, 1))).toBeCloseTo(1.1157135, 6);
    expect(value(diceLoss(logits, targets, 1))).toBeCloseTo(0.4073301, 6);
  });

  it('weighted cross-entropy with "no object" at 0.1', () => {
    const logits = tensor2d([
      [2, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 1, 0, 0],
    ]);
    const loss = weightedCrossEntropy(logits, [0, 3, 3], { classWeights: noObjectWeights(3) });
    expect(value(loss)).toBeCloseTo(0.4912389, 6);
  });

  it('heat maps as a softmax over the cells: equal logits cost ln(cells), the logarithm of the target its entropy', () => {
    const weights = tensor2d([[1, 0]]);
    const target = tensor([3, 1, 0, 0, 9, 9, 9, 9], [1, 2, 2, 2]) as Tensor4D;
    const equal = tensor([5, 5, 5, 5, 0, 1, 2, 3], [1, 2, 2, 2]) as Tensor4D;
    expect(value(heatmapCrossEntropy(equal, target, weights))).toBeCloseTo(Math.log(4), 6);
    const best = tensor([Math.log(3), 0, -80, -80, 0, 1, 2, 3], [1, 2, 2, 2]) as Tensor4D;
    const entropy = -(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25));
    expect(value(heatmapCrossEntropy(best, target, weights))).toBeCloseTo(entropy, 6);
    expect(value(heatmapCrossEntropy(best, target, tensor2d([[0, 0]])))).toBe(0);
  });

  it('OHKM counts the hardest joints only, and exactly that many among equals', () => {
    const predicted = tensor([1, 2, 3, 3], [1, 4, 1, 1]) as Tensor4D;
    const target = tensor([0, 0, 0, 0], [1, 4, 1, 1]) as Tensor4D;
    const weights = tensor2d([[1, 1, 1, 1]]);
    expect(value(heatmapOhkm(predicted, target, weights, 1))).toBeCloseTo(4.5, 6);
    expect(value(heatmapOhkm(predicted, target, weights, 3))).toBeCloseTo((9 / 2 + 9 / 2 + 4 / 2) / 3, 6);
  });
});

describe('gradients against central differences', () => {
  const places = [0, 3, 7, 11, 14];
  const targets = tensor(
    Float32Array.from({ length: 15 }, (_, i) => (i * 7) % 2),
    [3, 5],
  );
  const ones = tensor(new Float32Array(15).fill(1), [3, 5]);
  const someValid = tensor(
    Float32Array.from({ length: 15 }, (_, i) => (i % 4 === 1 ? 0 : 1)),
    [3, 5],
  );
  const depths = uniform([3, 5], 1, 5);
  const corners = tensor2d([
    [0, 0, 2, 2],
    [1, 1, 4, 3],
    [5, 5, 6, 7],
    [0, 0, 9, 9],
  ]);
  const moved = tensor2d([
    [0.5, 0.4, 2.5, 2.7],
    [1.2, 1.3, 3.1, 2.6],
    [0.1, 0.2, 1.3, 1.4],
    [2.1, 2.2, 5.3, 4.4],
  ]);
  const joints = normal([2, 3, 2, 2]) as Tensor4D;
  const cells = uniform([2, 3, 2, 2], 0.1, 1) as Tensor4D;
  const weights = tensor2d([
    [1, 0, 1],
    [0.5, 1, 1],
  ]);

  it.each<[string, Tensor, (x: Tensor) => Scalar]>([
    [
      'weighted cross-entropy',
      normal([3, 5]),
      (x) => weightedCrossEntropy(x, [1, 255, 4], { classWeights: [1, 2, 3, 4, 0.1], ignore: 255 }),
    ],
    ['sigmoid cross-entropy', normal([3, 5], 3), (x) => sum(mul(sigmoidCrossEntropy(x, targets), ones)) as Scalar],
    ['dice', normal([3, 5]), (x) => diceLoss(x as Tensor2D, targets as Tensor2D, 2)],
    ['focal, gamma 2', normal([3, 5]), (x) => sum(sigmoidFocal(x, targets)) as Scalar],
    [
      'focal, gamma 1.5, no alpha',
      normal([3, 5]),
      (x) => sum(sigmoidFocal(x, targets, { gamma: 1.5, alpha: -1 })) as Scalar,
    ],
    ['focal, gamma 0', normal([3, 5]), (x) => sum(sigmoidFocal(x, targets, { gamma: 0 })) as Scalar],
    ['L1', normal([3, 5]), (x) => l1Loss(x, mul(ones, 9), 3)],
    ['GIoU', moved, (x) => giouLoss(x as Tensor2D, corners, 2)],
    ['centre form', moved, (x) => sum(mul(boxesToCorners(x as Tensor2D), corners)) as Scalar],
    ['SILog, AdaBins', depths, (x) => silogLoss(x, mul(ones, 3), someValid)],
    ['SILog, BinsFormer', depths, (x) => silogLoss(x, mul(ones, 3), someValid, binsformerSilog)],
    ['SILog, BTS', depths, (x) => silogLoss(x, mul(ones, 3), someValid, btsSilog)],
    [
      'bins, linear',
      normal([3, 5]),
      (x) => sum(mul(binCentres(binWidths(x as Tensor2D, 'linear'), 1, 9), depths)) as Scalar,
    ],
    [
      'bins, sigmoid',
      normal([3, 5]),
      (x) => sum(mul(binCentres(binWidths(x as Tensor2D, 'sigmoid'), 1, 9), depths)) as Scalar,
    ],
    ['bins, softmax', normal([3, 5]), (x) => sum(mul(binCentres(binWidths(x as Tensor2D), 1, 9), depths)) as Scalar],
    ['heat maps', normal([2, 3, 2, 2]), (x) => heatmapMse(x as Tensor4D, joints, weights)],
    [
      'heat maps, a softmax over the cells',
      normal([2, 3, 2, 2]),
      (x) => heatmapCrossEntropy(x as Tensor4D, cells, weights),
    ],
    ['OHKM', normal([2, 3, 2, 2]), (x) => heatmapOhkm(x as Tensor4D, joints, weights, 2)],
  ])('%s', (_, x, loss) => {
    expect(differenceToSlopes(loss, x, places)).toBeLessThan(2e-3);
  });
});

describe('edges', () => {
  it('large logits stay finite', () => {
    const logits = tensor([-1e4, -90, 0, 90, 1e4]);
    const targets = tensor([1, 0, 1, 0, 1]);
    const { value: loss, gradients } = valueAndGradients((x) => sum(sigmoidCrossEntropy(x, targets)) as Scalar, logits);
    expect(loss).toBeCloseTo(1e4 + 90 + Math.log(2), 1);
    expect([...gradients[0]!]).toEqual([-1, 0, -0.5, 1, 0].map((g) => expect.closeTo(g, 5)));
    expect(
      valueAndGradients((x) => sum(sigmoidFocal(x, targets)) as Scalar, logits).gradients[0]!.every(Number.isFinite),
    ).toBe(true);
    const ce = valueAndGradients(
      (x) => weightedCrossEntropy(x, [0, 1]),
      tensor2d([
        [1e4, 0],
        [-1e4, 0],
      ]),
    );
    expect(ce.value).toBeCloseTo(0, 12);
    expect(ce.gradients[0]!.every(Number.isFinite)).toBe(true);
  });

  it('nothing to learn from gives 0, not NaN', () => {
    const none = tensor2d([], [0, 4]);
    expect(value(giouLoss(none, none, 1))).toBe(0);
    expect(value(l1Loss(none, none, 1))).toBe(0);
    expect(value(maskCrossEntropyLoss(none, none, 1))).toBe(0);
    expect(value(diceLoss(none, none, 1))).toBe(0);
    expect(value(weightedCrossEntropy(tensor2d([[1, 2]]), [9], { ignore: 9 }))).toBeCloseTo(0, 12);
    const x = tensor([1, 2]);
    const blind = valueAndGradients((p) => silogLoss(p, x, tensor([0, 0])), tensor([0, 3]));
    expect(blind.value).toBeLessThan(2e-5);
    expect([...blind.gradients[0]!].map(Math.abs)).toEqual([0, 0]);
    expect(valueAndGradients((p) => silogLoss(p, x, tensor([1, 1])), x).gradients[0]!.every(Number.isFinite)).toBe(
      true,
    );
  });

  it('a box that is right has no L1 slope', () => {
    const box = tensor2d([[0.1, 0.2, 0.3, 0.4]]);
    expect([...valueAndGradients((x) => l1Loss(x, box, 1), box).gradients[0]!].map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it('names a class outside the list and counts that differ', () => {
    expect(() => weightedCrossEntropy(tensor2d([[1, 2]]), [2])).toThrow(/Row 0 has class 2, outside 0\.\.1/);
    expect(() => weightedCrossEntropy(tensor2d([[1, 2]]), [0, 1])).toThrow(/1 rows of 2 logits, 2 classes/);
  });

  it('the total of a batch is the same on a float32 sum of a million pixels', () => {
    const n = 1000;
    const big = tensor(new Float32Array(n * n).fill(0.1), [n, n]);
    expect(value(l1Loss(big, mul(big, 0), n * n))).toBeCloseTo(0.1, 6);
  });

  it('sumTerms weighs, names and adds', () => {
    const { total, terms } = sumTerms({ a: tensor(2) as Scalar, b: tensor(3) as Scalar }, { b: 10 });
    expect(value(total)).toBe(32);
    expect(value(terms.b!)).toBe(30);
  });

  it('keeps no tensors', () => {
    const x = normal([3, 5]) as Tensor2D;
    const t = tensor(new Float32Array(15), [3, 5]) as Tensor2D;
    const run = (): void =>
      tidy(() => {
        valueAndGradients((p) => sum(sigmoidFocal(p, t)) as Scalar, x);
        valueAndGradients((p) => weightedCrossEntropy(p, [0, 1, 2]), x);
        valueAndGradients((p) => diceLoss(matMul(p as Tensor2D, t, false, true), matMul(t, t, false, true), 1), x);
        valueAndGradients((p) => l1Loss(p, t, 1), x);
      });
    run();
    expect(leaked(run)).toBe(0);
    dispose([x, t]);
  });
});

describe('Chamfer distance on bins', () => {
  const brute = (centres: readonly number[], depths: readonly number[]): number => {
    const near = (x: number, list: readonly number[]): number => Math.min(...list.map((y) => (x - y) ** 2));
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    return mean(centres.map((c) => near(c, depths))) + mean(depths.map((d) => near(d, centres)));
  };

  it('is what comparing all pairs gives, in any order of the centres', () => {
    for (let k = 0; k < 50; k++) {
      const centres = Float32Array.from({ length: 1 + random.integer(6) }, () => random.uniform(0, 10));
      const depths = Float32Array.from({ length: 1 + random.integer(30) }, () => random.uniform(0.01, 10));
      const match = matchChamfer(centres, [Float32Array.of(...depths, 0)]);
      const got = value(chamferLoss(tensor2d(centres, [1, centres.length]), match));
      expect(got).toBeCloseTo(brute([...centres], [...depths]), 4);
    }
  });

  it('says nothing about a picture without depths', () => {
    const match = matchChamfer([1, 2], [[0, 0]]);
    expect(value(chamferLoss(tensor2d([[1, 2]]), match))).toBe(0);
  });
});
