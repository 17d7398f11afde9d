import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/head-kit';
import {
  enableProdMode,
  grads,
  setBackend,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type SegmentationTarget, segmentation } from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const [height, width] = [32, 48];
const full = { originalSize: [height, width], resizedSize: [height, width], inputSize: [height, width] } as const;
/** A smaller picture, padded to the same input. */
const small = { originalSize: [16, 20], resizedSize: [16, 20], inputSize: [height, width] } as const;
type Meta = typeof full | typeof small;

/** Vertical stripes: `count` masks within the picture's own part. */
function targetOf(count: number, [rows, columns]: readonly [number, number]): SegmentationTarget {
  const data = new Uint8Array(count * height * width);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < rows; y++) {
      for (let x = Math.floor((i * columns) / count); x < Math.floor(((i + 1) * columns) / count); x++) {
        data[(i * height + y) * width + x] = 1;
      }
    }
  }
  return {
    masks: { data, shape: [count, height, width] },
    labels: { data: new Int32Array(count), shape: [count] },
    crowds: { data: new Int32Array(count), shape: [count] },
  };
}

function setting(queries: number, batch: number) {
  const head = segmentation(
    { mode: 'instance', labels: ['cell'], queries, points: 32 },
    { hiddenSize: 8, pixelStride: 4 },
  );
  const random = new Random(queries);
  const draw = (shape: number[]) =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
      shape,
    );
  const raw = {
    'logits.0': draw([batch, queries, 2]) as Tensor3D,
    'masks.0': draw([batch, queries, height / 4, width / 4]) as Tensor4D,
  };
  return { head, raw };
}

async function learn({ head, raw }: ReturnType<typeof setting>, targets: SegmentationTarget[], metas: Meta[]) {
  const context = { metas, random: new Random(0), meanOverRanks: async (value: number) => value };
  const assignment = (await head.doAssign!(raw, targets as never, context))!;
  const loss = (logits: Tensor, masks: Tensor = raw['masks.0']) =>
    head.doLoss({ 'logits.0': logits as Tensor3D, 'masks.0': masks as Tensor4D }, targets as never, assignment, context)
      .total;
  // With nothing matched the loss does not depend on the masks, and TensorFlow.js refuses to say that their gradient is zero.
  const matched = assignment.layers[0]!.rows.length > 0;
  const inputs = matched ? [raw['logits.0'], raw['masks.0']] : [raw['logits.0']];
  const value = (await loss(raw['logits.0']).data())[0]!;
  const gradients = await Promise.all(grads(loss)(inputs).map((gradient) => gradient.data()));
  return { layer: assignment.layers[0]!, value, gradients };
}

describe('segmentation at the edges', () => {
  it.each([[[0, 3]], [[0, 0]]])('pictures with %j objects', async (counts) => {
    const made = setting(5, 2);
    const { layer, value, gradients } = await learn(
      made,
      counts.map((count) => targetOf(count, [height, width])),
      [full, full],
    );
    expect(layer.matches.map(({ queries }) => queries.length)).toEqual(counts);
    expect(Number.isFinite(value)).toBe(true);
    expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
    const masks = made.raw['masks.0'].size / 2;
    if (counts[1]! > 0) expect(gradients[1]!.subarray(0, masks).every((g) => g === 0)).toBe(true);
  });

  it('more objects than queries: every query answers for an object of its own', async () => {
    const { layer, value } = await learn(setting(3, 1), [targetOf(8, [height, width])], [full]);
    expect([...layer.matches[0]!.queries]).toEqual([0, 1, 2]);
    expect(new Set(layer.matches[0]!.targets).size).toBe(3);
    expect(Number.isFinite(value)).toBe(true);
  });

  it('one class and 300 queries: every object once, at most `maxInstances` results', async () => {
    const made = setting(300, 1);
    const { layer, value } = await learn(made, [targetOf(12, [height, width])], [full]);
    expect([...layer.matches[0]!.targets].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(Number.isFinite(value)).toBe(true);
    const [result] = await made.head.doPostprocess(made.raw, [full]);
    expect(result!.instances!.length).toBeLessThanOrEqual(100);
    expect(result!.instances!.length).toBeGreaterThan(0);
  });

  it('a smaller picture in a batch is looked at only where it is, and answered in its own size', async () => {
    const made = setting(6, 2);
    const targets = [targetOf(2, full.resizedSize), targetOf(3, small.resizedSize)];
    const { layer } = await learn(made, targets, [full, small]);
    const points = layer.points.subarray(2 * 32 * 2);
    for (let i = 0; i < points.length; i += 2) {
      expect(points[i]! * width).toBeLessThanOrEqual(20);
      expect(points[i + 1]! * height).toBeLessThanOrEqual(16);
    }
    const results = await made.head.doPostprocess(made.raw, [full, small]);
    expect(results.map(({ size }) => size)).toEqual([
      [height, width],
      [16, 20],
    ]);
  });
});
