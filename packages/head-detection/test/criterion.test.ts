import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import { enableProdMode, grads, setBackend, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { matchLayers } from '../src/assign.ts';
import { detectionConfig } from '../src/config.ts';
import type { DetectionRaw } from '../src/forward.ts';
import { detectionLoss } from '../src/loss.ts';
import { detectionPostprocess } from '../src/postprocess.ts';
import type { PreparedTargets } from '../src/targets.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const onePixel = { originalSize: [1, 1], resizedSize: [1, 1], inputSize: [1, 1] } as const;

describe.skipIf(!hasShared)(`DETR's criterion (${withoutShared})`, () => {
  it.each(['small', 'coco', 'more-targets-than-queries', 'no-targets'])('%s', async (name) => {
    const fixture = loadFixture('detr-losses', name);
    const { batch, queries, classes, targets: counts, aux_layers: aux } = fixture.config;
    const labels = Array.from({ length: classes }, (_, i) => `class ${i}`);
    const checked = detectionConfig['~standard'].validate({ labels, queries });
    if (checked instanceof Promise || checked.issues) throw new Error('config');
    const config = checked.value;
    const raw: Record<string, Tensor> = {};
    for (let layer = 0; layer <= aux; layer++) {
      for (const [ours, theirs] of [
        ['logits', 'pred_logits'],
        ['boxes', 'pred_boxes'],
      ]) {
        const { data, shape } = fixture.tensor(`${theirs}.l${layer}`);
        raw[`${ours}.${layer}`] = tensor(data as Float32Array, [...shape]);
      }
    }
    const targets: PreparedTargets[] = counts.map((_: number, b: number) => ({
      classes: fixture.tensor(`target.${b}.labels`).data,
      boxes: fixture.tensor(`target.${b}.boxes`).data,
    }));
    const boxCount = Math.max(
      1,
      counts.reduce((a: number, b: number) => a + b, 0),
    );
    const assignment = { targets, matches: await matchLayers(config, raw as DetectionRaw, targets), boxCount };
    fixture.manifest.matches.forEach((layer: [number[], number[]][], l: number) => {
      layer.forEach(([rows, columns], b) => {
        expect(Array.from(assignment.matches[l]![b]!.queries)).toEqual(rows);
        expect(Array.from(assignment.matches[l]![b]!.targets)).toEqual(columns);
      });
    });

    const { total, terms } = detectionLoss(config, raw as DetectionRaw, assignment);
    const weights = { ce: ['class', 1], bbox: ['l1', 5], giou: ['giou', 2] } as const;
    for (let layer = 0; layer <= aux; layer++) {
      const last = layer === aux;
      for (const [theirs, [ours, weight]] of Object.entries(weights)) {
        const expected = weight * fixture.scalars[`loss_${theirs}${last ? '' : `_${layer}`}`]!.value;
        const got = (await terms[ours + (last ? '' : `.${layer}`)]!.data())[0]!;
        expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(expected), 1e-3));
      }
    }
    const expected = fixture.scalars.total!.value;
    expect(Math.abs((await total.data())[0]! - expected)).toBeLessThanOrEqual(1e-5 * expected);

    const names = Object.keys(raw);
    const gradients = grads(
      (...tensors: Tensor[]) =>
        detectionLoss(config, Object.fromEntries(names.map((n, i) => [n, tensors[i]!])) as DetectionRaw, assignment)
          .total,
    )(names.map((n) => raw[n]!));
    for (const [i, n] of names.entries()) {
      const wanted = fixture.tensor(`grad.pred_${n.replace('.', '.l')}`);
      expectFixture((await gradients[i]!.data()) as Float32Array, wanted);
    }

    const sizes = fixture.tensor('target_sizes').data;
    const metas = Array.from({ length: batch }, (_, b) => ({
      ...onePixel,
      originalSize: [sizes[2 * b]!, sizes[2 * b + 1]!] as const,
    }));
    const results = await detectionPostprocess(config, raw as DetectionRaw, metas);
    for (const [b, { detections }] of results.entries()) {
      const scores = fixture.tensor(`post.${b}.scores`).data;
      const order = Array.from(scores.keys()).sort((x, y) => scores[y]! - scores[x]!);
      const boxes = fixture.tensor(`post.${b}.boxes`);
      expect(detections.map(({ label }) => label)).toEqual(
        order.map((q) => labels[fixture.tensor(`post.${b}.labels`).data[q]!]),
      );
      expect(detections.map(({ query }) => query)).toEqual(order);
      expectClose(
        detections.map(({ score }) => score),
        order.map((q) => scores[q]!),
        2e-6,
        'scores',
      );
      expectClose(
        detections.flatMap(({ box }) => [...box]),
        order.flatMap((q) => Array.from(boxes.data.slice(4 * q, 4 * q + 4))),
        Math.max(2e-5, 3e-6 * boxes.absMax),
        'boxes',
      );
    }
  });
});
