import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/head-kit';
import { enableProdMode, grads, setBackend, sigmoid, type Tensor, type Tensor3D, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DetectionInput, detection } from '../src/index.ts';
import type { DetectionTarget } from '../src/targets.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const context = { hiddenSize: 8, pixelStride: 4 } as const;
const full = { originalSize: [64, 96], resizedSize: [64, 96], inputSize: [64, 96] } as const;
/** A smaller picture, padded to the same input. */
const small = { originalSize: [32, 48], resizedSize: [32, 48], inputSize: [64, 96] } as const;

function targetOf(count: number, [height, width]: readonly [number, number], random: Random): DetectionTarget {
  const boxes = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const w = random.uniform(0.1, 0.4) * width;
    const h = random.uniform(0.1, 0.4) * height;
    const x = random.uniform(0, width - w);
    const y = random.uniform(0, height - h);
    boxes.set([x, y, x + w, y + h], 4 * i);
  }
  return {
    boxes: { data: boxes, shape: [count, 4] },
    labels: { data: new Int32Array(count), shape: [count] },
    crowds: { data: new Int32Array(count), shape: [count] },
    areas: { data: new Float32Array(count), shape: [count] },
  };
}

function setting(input: DetectionInput, batch: number, seed = 1) {
  const head = detection(input, context);
  const random = new Random(seed);
  const { queries, labels } = head.config;
  const draw = (width: number) =>
    tensor(
      Float32Array.from({ length: batch * queries * width }, () => random.normal()),
      [batch, queries, width],
    ) as Tensor3D;
  return { head, random, raw: { 'logits.0': draw(labels.length + 1), 'boxes.0': sigmoid(draw(4)) } };
}

const lossContext = (metas: readonly (typeof full | typeof small)[]) => ({
  metas,
  random: new Random(0),
  meanOverRanks: async (value: number) => value,
});

async function lossAndGradients(
  { head, raw }: Pick<ReturnType<typeof setting>, 'head' | 'raw'>,
  targets: DetectionTarget[],
  metas: readonly (typeof full | typeof small)[],
) {
  const around = lossContext(metas);
  const assignment = await head.doAssign!(raw, targets, around);
  const loss = (logits: Tensor, boxes: Tensor) =>
    head.doLoss({ 'logits.0': logits as Tensor3D, 'boxes.0': boxes as Tensor3D }, targets, assignment, around).total;
  const value = (await loss(raw['logits.0'], raw['boxes.0']).data())[0]!;
  const gradients = await Promise.all(grads(loss)([raw['logits.0'], raw['boxes.0']]).map((g) => g.data()));
  return { assignment, value, gradients };
}

describe('detection at the edges', () => {
  it('a picture without objects in a batch with objects; and a batch without any', async () => {
    const made = setting({ labels: ['cell'], queries: 6 }, 2);
    for (const counts of [
      [0, 3],
      [0, 0],
    ]) {
      const targets = counts.map((count) => targetOf(count, [64, 96], made.random));
      const { assignment, value, gradients } = await lossAndGradients(made, targets, [full, full]);
      expect(assignment.matches[0]!.map(({ queries }) => queries.length)).toEqual(counts);
      expect(Number.isFinite(value)).toBe(true);
      expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
      // Nothing pulls at the boxes of the empty picture.
      expect(gradients[1]!.subarray(0, 24).every((g) => g === 0)).toBe(true);
    }
  });

  it('more objects than queries: every query answers for an object of its own', async () => {
    const made = setting({ labels: ['cell'], queries: 3 }, 1);
    const { assignment, value } = await lossAndGradients(made, [targetOf(8, [64, 96], made.random)], [full]);
    const [match] = assignment.matches[0]!;
    expect([...match!.queries]).toEqual([0, 1, 2]);
    expect(new Set(match!.targets).size).toBe(3);
    expect(Number.isFinite(value)).toBe(true);
  });

  it('one class and 300 queries: finds every object once, and as many results as queries', async () => {
    const made = setting({ labels: ['cell'], queries: 300 }, 1);
    const { assignment, value } = await lossAndGradients(made, [targetOf(40, [64, 96], made.random)], [full]);
    expect([...assignment.matches[0]![0]!.targets].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i),
    );
    expect(Number.isFinite(value)).toBe(true);
    const [result] = await made.head.doPostprocess(made.raw, [full]);
    expect(result!.detections).toHaveLength(300);
  });

  it('pictures of different sizes in a batch are matched as each is alone', async () => {
    const made = setting({ labels: ['cell'], queries: 10 }, 2);
    const targets = [targetOf(4, [64, 96], made.random), targetOf(3, [32, 48], made.random)];
    const metas = [full, small];
    const { assignment } = await lossAndGradients(made, targets, metas);
    for (const [image, meta] of metas.entries()) {
      const alone = Object.fromEntries(
        await Promise.all(
          Object.entries(made.raw).map(async ([name, all]) => {
            const [, queries, width] = all.shape as [number, number, number];
            const own = (await all.data()).slice(image * queries * width, (image + 1) * queries * width);
            return [name, tensor(own, [1, queries, width])];
          }),
        ),
      );
      const { matches } = await made.head.doAssign!(alone as typeof made.raw, [targets[image]!], lossContext([meta]));
      expect(matches[0]![0]).toEqual(assignment.matches[0]![image]);
    }
  });
});
