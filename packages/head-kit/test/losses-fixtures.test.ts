import { resizeBilinear, samplePoints } from '@glid/ops';
import { expectFixture, type Fixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import {
  add,
  addN,
  clone,
  gather,
  matMul,
  mul,
  reshape,
  type Scalar,
  slice,
  softmax,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  tensor2d,
  tile,
  transpose,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addClassCosts,
  addCosts,
  addGiouCosts,
  addL1Costs,
  type BinNorm,
  binCentres,
  binWidths,
  boxesToCorners,
  boxOverlap,
  btsSilog,
  chamferLoss,
  costMatrix,
  dice,
  diceLoss,
  giouLoss,
  heatmapMse,
  heatmapOhkm,
  l1Loss,
  maskCosts,
  maskCrossEntropyLoss,
  maskFocalLoss,
  matchChamfer,
  matchQueries,
  noObjectWeights,
  pointCounts,
  silogLoss,
  softmaxRows,
  uncertainPoints,
  weightedCrossEntropy,
} from '../src/index.ts';
import { inputOf, relative, useCpu, valueAndGradients } from './tensors.ts';

const scalarTolerance = 1e-5;
type Matches = readonly (readonly [number[], number[]])[];

function expectScalar(fixture: Fixture, name: string, got: number): void {
  const { value } = fixture.scalars[name]!;
  expect(value === 0 ? Math.abs(got) : relative(got, value), `${name}: ${got} for ${value}`).toBeLessThan(
    scalarTolerance,
  );
}

/** cx cy w h -> x0 y0 x1 y1 on the host. */
function cornersOf(boxes: ArrayLike<number>): Float64Array {
  return Float64Array.from(boxes, (_, i) => {
    const at = i - (i % 4);
    const side = boxes[at + 2 + (i % 2)]! / 2;
    return boxes[at + (i % 2)]! + (i % 4 < 2 ? -side : side);
  });
}

describe.skipIf(!hasShared)(`losses against published implementations (${withoutShared})`, () => {
  beforeAll(useCpu);

  it('detr-losses/box-ops', () => {
    const fixture = loadFixture('detr-losses', 'box-ops');
    const [a, b, w] = ['a', 'b', 'w'].map((name) => inputOf(fixture, name)) as [Tensor2D, Tensor2D, Tensor2D];
    const [n, m] = [a.shape[0], b.shape[0]];
    const pairs = (x: Tensor2D, y: Tensor2D): [Tensor2D, Tensor2D] => [
      reshape(tile(reshape(boxesToCorners(x), [n, 1, 4]), [1, m, 1]), [n * m, 4]),
      tile(boxesToCorners(y), [n, 1]) as Tensor2D,
    ];
    expectFixture(boxesToCorners(a).dataSync(), fixture.tensor('a_xyxy'));
    expectFixture(boxesToCorners(b).dataSync(), fixture.tensor('b_xyxy'));
    const { iou, giou } = boxOverlap(...pairs(a, b));
    expectFixture(iou.dataSync(), fixture.tensor('iou'));
    expectFixture(giou.dataSync(), fixture.tensor('giou'));
    const { gradients } = valueAndGradients(
      (x, y) => sum(mul(boxOverlap(...pairs(x as Tensor2D, y as Tensor2D)).giou, reshape(w, [n * m]))) as Scalar,
      a,
      b,
    );
    expectFixture(gradients[0]!, fixture.tensor('grad.a'));
    expectFixture(gradients[1]!, fixture.tensor('grad.b'));
    const costs = costMatrix(n, m);
    addGiouCosts(costs, -1, cornersOf(fixture.tensor('a').data), cornersOf(fixture.tensor('b').data));
    expectFixture(costs.values, fixture.tensor('giou'));
  });

  it.each(['small', 'coco', 'more-targets-than-queries', 'no-targets'])('detr-losses/%s', (name) => {
    const fixture = loadFixture('detr-losses', name);
    const { batch, queries, classes, aux_layers: auxiliary, eos_coef: noObject } = fixture.config;
    const targets = Array.from({ length: batch }, (_, b) => ({
      labels: fixture.tensor(`target.${b}.labels`).data,
      boxes: fixture.tensor(`target.${b}.boxes`).data,
    }));
    const boxCount = Math.max(
      1,
      targets.reduce((a, t) => a + t.labels.length, 0),
    );
    const layers = auxiliary + 1;
    const logits = Array.from({ length: layers }, (_, l) => inputOf(fixture, `pred_logits.l${l}`));
    const boxes = Array.from({ length: layers }, (_, l) => inputOf(fixture, `pred_boxes.l${l}`));

    const terms = new Map<string, number>();
    const layerLoss = (l: number, x: Tensor, y: Tensor): Scalar => {
      const suffix = l === layers - 1 ? '' : `_${l}`;
      const probabilities = softmaxRows(fixture.tensor(`pred_logits.l${l}`).data, classes + 1);
      const hostBoxes = fixture.tensor(`pred_boxes.l${l}`).data;
      const wanted = new Int32Array(batch * queries).fill(classes);
      const rows: number[] = [];
      const wantedBoxes: number[] = [];
      targets.forEach((target, b) => {
        const mine = hostBoxes.subarray(b * queries * 4, (b + 1) * queries * 4);
        const costs = costMatrix(queries, target.labels.length);
        addClassCosts(
          costs,
          1,
          probabilities.subarray(b * queries * (classes + 1), (b + 1) * queries * (classes + 1)),
          target.labels,
        );
        addL1Costs(costs, 5, mine, target.boxes);
        addGiouCosts(costs, 2, cornersOf(mine), cornersOf(target.boxes));
        expectFixture(costs.values, fixture.tensor(`cost.l${l}.b${b}`));
        const match = matchQueries(costs);
        expect([[...match.queries], [...match.targets]]).toEqual(fixture.manifest.matches[l][b]);
        match.queries.forEach((q, k) => {
          const t = match.targets[k]!;
          wanted[b * queries + q] = target.labels[t]!;
          rows.push(b * queries + q);
          wantedBoxes.push(...target.boxes.subarray(t * 4, t * 4 + 4));
        });
      });
      const classLoss = weightedCrossEntropy(x, wanted, { classWeights: noObjectWeights(classes, noObject) });
      const record = (term: string, loss: Scalar): Scalar => {
        terms.set(`${term}${suffix}`, loss.dataSync()[0]!);
        return loss;
      };
      const parts = [record('loss_ce', classLoss)];
      if (rows.length > 0) {
        const matched = gather(reshape(y, [batch * queries, 4]), tensor1d(rows, 'int32')) as Tensor2D;
        const truth = tensor2d(wantedBoxes, [rows.length, 4]);
        parts.push(mul(record('loss_bbox', l1Loss(matched, truth, boxCount)), 5));
        parts.push(mul(record('loss_giou', giouLoss(boxesToCorners(matched), boxesToCorners(truth), boxCount)), 2));
      }
      return addN(parts) as Scalar;
    };
    let total = 0;
    for (let l = 0; l < layers; l++) {
      const { value, gradients } = valueAndGradients(
        (x, y) => {
          // An all-empty batch has no box loss: keep its boxes in the graph.
          return add(layerLoss(l, x!, y!), mul(sum(y!), 0)) as Scalar;
        },
        logits[l]!,
        boxes[l]!,
      );
      total += value;
      expectFixture(gradients[0]!, fixture.tensor(`grad.pred_logits.l${l}`));
      expectFixture(gradients[1]!, fixture.tensor(`grad.pred_boxes.l${l}`));
    }
    for (const [term, value] of terms) expectScalar(fixture, term, value);
    expectScalar(fixture, 'total', total);
  });

  it('detr-losses/masks-focal-dice', () => {
    const fixture = loadFixture('detr-losses', 'masks-focal-dice');
    const { queries, sizes, matches } = fixture.config as {
      queries: number;
      sizes: [number, number][];
      matches: Matches;
    };
    const [height, width] = [Math.max(...sizes.map((s) => s[0])), Math.max(...sizes.map((s) => s[1]))];
    const rows: number[] = [];
    const truth: number[] = [];
    matches.forEach(([from, to], b) => {
      const [h, w] = sizes[b]!;
      const masks = fixture.tensor(`target.${b}.masks`).data;
      from.forEach((q, k) => {
        rows.push(b * queries + q);
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) truth.push(y < h && x < w ? masks[(to[k]! * h + y) * w + x]! : 0);
        }
      });
    });
    const count = rows.length;
    const targets = tensor2d(truth, [count, height * width]);
    const prediction = inputOf(fixture, 'pred_masks') as Tensor4D;
    const logitsOf = (x: Tensor): Tensor2D => {
      const [, , h, w] = prediction.shape;
      const chosen = gather(reshape(x, [-1, h, w]), tensor1d(rows, 'int32'));
      return reshape(resizeBilinear(reshape(chosen, [count, h, w, 1]) as Tensor4D, [height, width]), [count, -1]);
    };
    expectScalar(fixture, 'loss_mask', maskFocalLoss(logitsOf(prediction), targets, count).dataSync()[0]!);
    expectScalar(fixture, 'loss_dice', diceLoss(logitsOf(prediction), targets, count).dataSync()[0]!);
    const { gradients } = valueAndGradients((x) => {
      const logits = logitsOf(x!);
      return add(maskFocalLoss(logits, targets, count), diceLoss(logits, targets, count)) as Scalar;
    }, prediction);
    expectFixture(gradients[0]!, fixture.tensor('grad.pred_masks'));
  });

  it('mask-losses/fixed-points', () => {
    const fixture = loadFixture('mask-losses', 'fixed-points');
    const masks = inputOf(fixture, 'pred_mask_logits') as Tensor3D;
    const points = inputOf(fixture, 'points') as Tensor3D;
    const targets = samplePoints(mul(inputOf(fixture, 'target_masks'), 1) as Tensor3D, points) as Tensor2D;
    const count = fixture.config.num_masks as number;
    const logits = samplePoints(masks, points) as Tensor2D;
    expectFixture(logits.dataSync(), fixture.tensor('point_logits'));
    expectFixture(targets.dataSync(), fixture.tensor('point_labels'));
    const ce = valueAndGradients(
      (x) => maskCrossEntropyLoss(samplePoints(x as Tensor3D, points) as Tensor2D, targets, count),
      masks,
    );
    const dices = valueAndGradients(
      (x) => diceLoss(samplePoints(x as Tensor3D, points) as Tensor2D, targets, count),
      masks,
    );
    expectScalar(fixture, 'loss_ce', ce.value);
    expectScalar(fixture, 'loss_dice', dices.value);
    expectFixture(ce.gradients[0]!, fixture.tensor('grad.ce'));
    expectFixture(dices.gradients[0]!, fixture.tensor('grad.dice'));
    // The logits as a map of one row, looked at in the centres of its cells.
    const [masksCount, pointCount] = logits.shape;
    const centres = Float32Array.from({ length: 2 * pointCount }, (_, i) => (i % 2 ? 0.5 : (i / 2 + 0.5) / pointCount));
    const pair = maskCosts(
      [reshape(logits, [1, masksCount, 1, pointCount])],
      [centres],
      [targets.dataSync() as Float32Array],
    );
    const paired = (costs: Tensor3D) => transpose(reshape(costs, [targets.shape[0], masksCount])).dataSync();
    expectFixture(paired(pair.crossEntropy), fixture.tensor('pair_ce'));
    expectFixture(paired(pair.dice), fixture.tensor('pair_dice'));
    // The diagonal of the pairwise dice is the dice of each mask.
    const diagonal = dice(logits, targets).dataSync();
    const n = diagonal.length;
    for (let i = 0; i < n; i++) expect(pair.dice.dataSync()[i * n + i]).toBeCloseTo(diagonal[i]!, 5);
  });

  it('mask-losses/criterion: matching, uncertain points, losses and gradients', () => {
    const fixture = loadFixture('mask-losses', 'criterion');
    const { batch, queries, classes, points, oversample, importance } = fixture.config;
    const logits = inputOf(fixture, 'pred_logits') as Tensor3D;
    const masks = inputOf(fixture, 'pred_masks') as Tensor4D;
    const [, , h, w] = masks.shape;
    const probabilities = softmaxRows(fixture.tensor('pred_logits').data, classes + 1);
    const wanted = new Int32Array(batch * queries).fill(classes);
    const rows: number[] = [];
    const truth: Tensor3D[] = [];
    for (let b = 0; b < batch; b++) {
      const labels = fixture.tensor(`target.${b}.labels`).data;
      const targets = mul(inputOf(fixture, `target.${b}.masks`), 1) as Tensor3D;
      const shared = fixture.tensor(`match_points.${b}`).data as Float32Array;
      const mine = slice(masks, [b, 0, 0, 0], [1, -1, -1, -1]);
      const each = tile(inputOf(fixture, `match_points.${b}`), [labels.length, 1, 1]) as Tensor3D;
      const pair = maskCosts([mine], [shared], [samplePoints(targets, each).dataSync() as Float32Array]);
      const paired = (costs: Tensor3D) => transpose(reshape(costs, [labels.length, queries])).dataSync();
      const costs = costMatrix(queries, labels.length);
      addClassCosts(
        costs,
        2,
        probabilities.subarray(b * queries * (classes + 1), (b + 1) * queries * (classes + 1)),
        labels,
      );
      addCosts(costs, 5, paired(pair.crossEntropy));
      addCosts(costs, 5, paired(pair.dice));
      expectFixture(costs.values, fixture.tensor(`cost.${b}`));
      const match = matchQueries(costs);
      expect([[...match.queries], [...match.targets]]).toEqual(fixture.manifest.matches[b]);
      match.queries.forEach((q, k) => {
        wanted[b * queries + q] = labels[match.targets[k]!]!;
        rows.push(b * queries + q);
      });
      truth.push(gather(targets, tensor1d(match.targets, 'int32')) as Tensor3D);
    }
    const count = rows.length;
    const chosen = (x: Tensor): Tensor3D => gather(reshape(x, [-1, h, w]), tensor1d(rows, 'int32')) as Tensor3D;
    const candidates = inputOf(fixture, 'cand_points') as Tensor3D;
    const counts = pointCounts({ points, oversample, importance });
    expect([counts.candidates, counts.uncertain, counts.uniform]).toEqual([336, 84, 28]);
    const kept = uncertainPoints(
      candidates.dataSync() as Float32Array,
      samplePoints(chosen(masks), candidates).dataSync(),
      fixture.tensor('extra_points').data as Float32Array,
      count,
      counts.uncertain,
    );
    const inOrder = (data: ArrayLike<number>, n: number): string[] =>
      Array.from(
        { length: points },
        (_, p) => `${data[(n * points + p) * 2]} ${data[(n * points + p) * 2 + 1]}`,
      ).sort();
    for (let n = 0; n < count; n++) {
      expect(inOrder(kept, n)).toEqual(inOrder(fixture.tensor('selected_points').data, n));
    }
    const at = clone(reshape(tensor1d(kept), [count, points, 2])) as Tensor3D;
    const targets = truth.reduce<number[]>((all, t) => all.concat([...t.dataSync()]), []);
    const [th, tw] = truth[0]!.shape.slice(1) as [number, number];
    const labelsAt = samplePoints(reshape(tensor1d(targets), [count, th, tw]) as Tensor3D, at) as Tensor2D;
    const { value, gradients } = valueAndGradients(
      (x, y) => {
        const sampled = samplePoints(chosen(y!), at) as Tensor2D;
        const terms = [
          weightedCrossEntropy(x!, wanted, { classWeights: noObjectWeights(classes) }),
          maskCrossEntropyLoss(sampled, labelsAt, count),
          diceLoss(sampled, labelsAt, count),
        ];
        for (const [k, name] of ['loss_ce', 'loss_mask', 'loss_dice'].entries()) {
          expectScalar(fixture, name, terms[k]!.dataSync()[0]!);
        }
        return addN([mul(terms[0]!, 2), mul(terms[1]!, 5), mul(terms[2]!, 5)]) as Scalar;
      },
      logits,
      masks,
    );
    expectScalar(fixture, 'total', value);
    expectFixture(gradients[0]!, fixture.tensor('grad.pred_logits'));
    expectFixture(gradients[1]!, fixture.tensor('grad.pred_masks'));
  });

  it('depth/bins-and-silog', () => {
    const fixture = loadFixture('depth', 'bins-and-silog');
    const { batch, bins, min, max } = fixture.config;
    const raw = inputOf(fixture, 'y') as Tensor2D;
    const logits = inputOf(fixture, 'logits') as Tensor4D;
    for (const norm of ['linear', 'softmax', 'sigmoid'] as BinNorm[]) {
      expectFixture(binWidths(raw, norm).dataSync(), fixture.tensor(`widths.${norm}`));
    }
    const centresOf = (y: Tensor): Tensor2D => binCentres(binWidths(y as Tensor2D, 'linear'), min, max);
    expectFixture(centresOf(raw).dataSync(), fixture.tensor('bin_centres'));
    const target = inputOf(fixture, 'target_depth');
    const depths = fixture.tensor('target_depth').data;
    const [, , height, width] = target.shape as [number, number, number, number];
    const truth = reshape(target, [batch, height, width]);
    const valid = reshape(tensor1d(Float32Array.from(depths, (d) => (d > 1e-3 ? 1 : 0))), [batch, height, width]);
    const [, , h, w] = logits.shape;
    const predict = (y: Tensor, l: Tensor): Tensor => {
      const share = softmax(reshape(transpose(l, [0, 2, 3, 1]), [batch, h * w, bins]));
      const map = reshape(matMul(share, reshape(centresOf(y), [batch, bins, 1])), [batch, h, w, 1]) as Tensor4D;
      return reshape(resizeBilinear(map, [height, width], { alignCorners: true }), [batch, height, width]);
    };
    const per = height * width;
    const match = matchChamfer(
      centresOf(raw).dataSync(),
      Array.from({ length: batch }, (_, b) => depths.subarray(b * per, (b + 1) * per)),
    );
    expectFixture(predict(raw, logits).dataSync(), fixture.tensor('upsampled'));
    expectScalar(fixture, 'silog', silogLoss(predict(raw, logits), truth, valid).dataSync()[0]!);
    expectScalar(fixture, 'bts_silog', silogLoss(predict(raw, logits), truth, valid, btsSilog).dataSync()[0]!);
    expectScalar(fixture, 'chamfer', chamferLoss(centresOf(raw), match).dataSync()[0]!);
    const { value, gradients } = valueAndGradients(
      (y, l) => add(silogLoss(predict(y!, l!), truth, valid), mul(chamferLoss(centresOf(y!), match), 0.1)) as Scalar,
      raw,
      logits,
    );
    expectScalar(fixture, 'total', value);
    expectFixture(gradients[0]!, fixture.tensor('grad.y'));
    expectFixture(gradients[1]!, fixture.tensor('grad.logits'));
    // Eigen et al. 2014: half of the squared mean, no root.
    const eigen = silogLoss(predict(raw, logits), truth, valid, {
      unbiased: false,
      meanWeight: 0.5,
      epsilon: 0,
      scale: 1,
    });
    expectScalar(fixture, 'eigen_si', eigen.dataSync()[0]! ** 2);
  });

  it('pose/losses', () => {
    const fixture = loadFixture('pose', 'losses');
    const [predicted, target] = ['pred', 'target'].map((name) => inputOf(fixture, name)) as [Tensor4D, Tensor4D];
    const weight = inputOf(fixture, 'weight');
    const weights = reshape(weight, [weight.shape[0]!, weight.shape[1]!]) as Tensor2D;
    const ones = tensor2d(new Float32Array(weights.size).fill(1), weights.shape);
    const mse = valueAndGradients((x) => heatmapMse(x as Tensor4D, target, weights, 0.5), predicted);
    const ohkm = valueAndGradients((x) => heatmapOhkm(x as Tensor4D, target, weights, fixture.config.topk), predicted);
    expectScalar(fixture, 'mse', mse.value);
    expectScalar(fixture, 'mse_unweighted', heatmapMse(predicted, target, ones, 0.5).dataSync()[0]!);
    expectScalar(fixture, 'ohkm', ohkm.value);
    expectFixture(mse.gradients[0]!, fixture.tensor('grad.mse'));
    expectFixture(ohkm.gradients[0]!, fixture.tensor('grad.ohkm'));
  });
});
