import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import { enableProdMode, grads, setBackend, type Tensor3D, type Tensor4D, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { assignLayers } from '../src/assign.ts';
import type { PointDraws } from '../src/draws.ts';
import type { SegmentationRaw } from '../src/forward.ts';
import { segmentation } from '../src/index.ts';
import { segmentationLoss } from '../src/loss.ts';
import { wantedMasks } from '../src/wanted-masks.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

describe.skipIf(!hasShared)(`Mask2Former's criterion (${withoutShared})`, () => {
  it('with given draws: indices exact, losses and gradients within the tolerances', async () => {
    const fixture = loadFixture('mask-losses', 'criterion');
    const { batch, queries, classes, points, oversample, importance, targets: counts } = fixture.config;
    const { config } = segmentation(
      {
        mode: 'instance',
        labels: Array.from({ length: classes }, (_, i) => `class ${i}`),
        queries,
        points,
        oversample,
        importance,
      },
      { hiddenSize: 8, pixelStride: 4 },
    );
    const input = (name: string) => {
      const { data, shape } = fixture.tensor(name);
      return tensor(data as Float32Array, [...shape]);
    };
    const logits = input('pred_logits') as Tensor3D;
    const masks = input('pred_masks') as Tensor4D;
    const meta = { originalSize: [96, 128], resizedSize: [96, 128], inputSize: [96, 128] } as const;
    const wanted = Array.from({ length: batch }, (_, b) => {
      const { data, shape } = fixture.tensor(`target.${b}.masks`);
      const labels = fixture.tensor(`target.${b}.labels`).data;
      const target = {
        masks: { data, shape },
        labels: { data: labels, shape: [labels.length] },
        crowds: { data: new Int32Array(labels.length), shape: [labels.length] },
      };
      return wantedMasks(config, target, meta);
    });
    const candidates = fixture.tensor('cand_points').data as Float32Array;
    const extra = fixture.tensor('extra_points').data as Float32Array;
    let mask = 0;
    const draws: PointDraws = {
      forMatching: (b) => fixture.tensor(`match_points.${b}`).data as Float32Array,
      forLoss: () => {
        const n = mask++;
        return {
          candidates: candidates.subarray(n * 336 * 2, (n + 1) * 336 * 2),
          extra: extra.subarray(n * 28 * 2, (n + 1) * 28 * 2),
        };
      },
    };
    const raw = (l: Tensor3D, m: Tensor4D): SegmentationRaw => ({ 'logits.0': l, 'masks.0': m });
    const [layer] = await assignLayers(config, raw(logits, masks), wanted, draws);
    fixture.manifest.matches.forEach(([rows, columns]: [number[], number[]], b: number) => {
      expect(Array.from(layer!.matches[b]!.queries)).toEqual(rows);
      expect(Array.from(layer!.matches[b]!.targets)).toEqual(columns);
    });
    const assignment = { classes: wanted.map((w) => w.classes), layers: [layer!], maskCount: counts[0] + counts[1] };
    const context = { metas: [meta, meta] } as never;
    const loss = (l: Tensor3D, m: Tensor4D) => segmentationLoss(config, raw(l, m), [], assignment, context);
    const { total, terms } = loss(logits, masks);
    for (const [ours, theirs, weight] of [
      ['class', 'loss_ce', 2],
      ['mask', 'loss_mask', 5],
      ['dice', 'loss_dice', 5],
    ] as const) {
      const wantedValue = weight * fixture.scalars[theirs]!.value;
      expect(Math.abs((await terms[ours]!.data())[0]! - wantedValue)).toBeLessThanOrEqual(1e-5 * wantedValue);
    }
    const wantedTotal = fixture.scalars.total!.value;
    expect(Math.abs((await total.data())[0]! - wantedTotal)).toBeLessThanOrEqual(1e-5 * wantedTotal);
    const [dl, dm] = grads((l, m) => loss(l as Tensor3D, m as Tensor4D).total)([logits, masks]);
    expectFixture(await dl!.data(), fixture.tensor('grad.pred_logits'));
    expectFixture(await dm!.data(), fixture.tensor('grad.pred_masks'));
  });
});
