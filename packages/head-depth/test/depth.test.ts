import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { binCentres, binWidths, initializeParameters, Random } from '@glid/head-kit';
import { expectClose, expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import {
  enableProdMode,
  grad,
  grads,
  matMul,
  randomNormal,
  reshape,
  setBackend,
  softmax,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DepthRaw } from '../src/forward.ts';
import { depth } from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const context = { hiddenSize: 16, pixelStride: 4 } as const;
const whole = (height: number, width: number) =>
  ({ originalSize: [height, width], resizedSize: [height, width], inputSize: [height, width] }) as const;
const lossContext = (metas: ReturnType<typeof whole>[]) => ({
  metas,
  random: new Random(0),
  meanOverRanks: async (n: number) => n,
});

describe.skipIf(!hasShared)(`AdaBins' criterion (${withoutShared})`, () => {
  it('gives the reference losses and gradients', async () => {
    const fixture = loadFixture('depth', 'bins-and-silog');
    const { batch, bins, min, max } = fixture.config;
    const head = depth({ bins, minDepth: min, maxDepth: max, binNorm: 'linear', chamferWeight: 0.1 }, context);
    const target = fixture.tensor('target_depth').data as Float32Array;
    const targets = Array.from({ length: batch }, (_, b) => ({
      depth: { data: target.subarray(b * 48 * 60, (b + 1) * 48 * 60), shape: [48, 60] },
    }));
    const metas = targets.map(() => whole(48, 60));
    const y = tensor(fixture.tensor('y').data as Float32Array, [batch, bins]) as Tensor2D;
    const logits = tensor(fixture.tensor('logits').data as Float32Array, [batch, bins, 12 * 15]) as Tensor3D;
    /** What the head computes from its two linear layers, here from the fixture's outputs of them. */
    const answer = (lengths: Tensor2D, products: Tensor3D): DepthRaw => {
      const centres = binCentres(binWidths(lengths, 'linear'), min, max);
      const shares = softmax(transpose(products, [0, 2, 1]));
      const map = reshape(matMul(shares, reshape(centres, [batch, bins, 1])), [batch, 12, 15]) as Tensor3D;
      return { 'centres.0': centres, 'depth.0': map };
    };
    const raw = answer(y, logits);
    expectFixture(await raw['centres.0']!.data(), fixture.tensor('bin_centres'));
    expectFixture(await raw['depth.0']!.data(), fixture.tensor('pred'));
    const assignment = await head.doAssign!(raw, targets, lossContext(metas));
    const { total, terms } = head.doLoss(raw, targets, assignment, lossContext(metas));
    const relative = async (got: typeof total, name: string, factor = 1) => {
      const wanted = factor * fixture.scalars[name]!.value;
      expect(Math.abs((await got.data())[0]! - wanted)).toBeLessThanOrEqual(1e-5 * wanted);
    };
    await relative(terms.silog!, 'silog');
    await relative(terms.chamfer!, 'chamfer', 0.1);
    await relative(total, 'total');
    const [dy, dlogits] = grads(
      (a, b) => head.doLoss(answer(a as Tensor2D, b as Tensor3D), targets, assignment, lossContext(metas)).total,
    )([y, logits]);
    expectFixture(await dy!.data(), fixture.tensor('grad.y'));
    expectFixture(await dlogits!.data(), fixture.tensor('grad.logits'));
  });
});

describe('depth head', () => {
  const inputs = (layers: number) => ({
    queries: Array.from({ length: layers }, (_, i) => randomNormal([2, 8, 16], 0, 1, 'float32', i) as Tensor3D),
    pixels: randomNormal([2, 8, 12, 16], 0, 1, 'float32', 9) as Tensor4D,
    pixelMask: null,
    inputSize: [32, 48] as const,
    training: true,
  });

  it('predicts between minDepth and maxDepth, at the original size', async () => {
    const head = depth({ bins: 8, minDepth: 1, maxDepth: 3 }, context);
    const parameters = initializeParameters(head.parameters, new Random(1));
    const raw = head.doForward(parameters, inputs(1));
    const [result] = await head.doPostprocess(raw, [whole(50, 70), whole(32, 48)]);
    expect(result!.size).toEqual([50, 70]);
    expect(result!.depth).toHaveLength(3500);
    expect(Math.min(...result!.depth)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...result!.depth)).toBeLessThanOrEqual(3);
  });

  it('weighs layers as BinsFormer does: a third, two thirds, the last', () => {
    const head = depth({ bins: 8 }, context);
    const raw = head.doForward(initializeParameters(head.parameters, new Random(1)), inputs(6));
    const targets = [0, 1].map(() => ({ depth: { data: new Float32Array(32 * 48).fill(2), shape: [32, 48] } }));
    const metas = [whole(32, 48), whole(32, 48)];
    const { terms } = head.doLoss(raw, targets, [], lossContext(metas));
    expect(Object.keys(terms)).toEqual(['silog.0', 'silog.1', 'silog']);
  });

  it('ignores padding of the map, the target and the result', async () => {
    const head = depth({ bins: 8 }, context);
    const make = (junk: number): DepthRaw => {
      const values = Float32Array.from({ length: 8 * 12 }, (_, i) =>
        i % 12 < 6 && i < 4 * 12 ? 1 + Math.sin(i) ** 2 : junk,
      );
      return { 'depth.0': tensor(values, [1, 8, 12]), 'centres.0': tensor([1, 2], [1, 2]) };
    };
    const meta = { originalSize: [30, 40], resizedSize: [16, 24], inputSize: [32, 48] } as const;
    const target = { depth: { data: new Float32Array(32 * 48).fill(1.5), shape: [32, 48] } };
    const measure = async (raw: DepthRaw) => {
      const { total } = head.doLoss(raw, [target], [], lossContext([meta as never]));
      const [result] = await head.doPostprocess(raw, [meta]);
      return [(await total.data())[0]!, ...result!.depth];
    };
    expect(await measure(make(9))).toEqual(await measure(make(0.5)));
  });

  it('undoes a flip', async () => {
    const head = depth({ bins: 8 }, context);
    const values = Float32Array.from({ length: 8 * 12 }, (_, i) => 1 + (i % 12));
    const straight = { 'depth.0': tensor(values, [1, 8, 12]) } as DepthRaw;
    const mirrored = {
      'depth.0': tensor(
        values.map((_, i) => 1 + (11 - (i % 12))),
        [1, 8, 12],
      ),
    } as DepthRaw;
    const [a] = await head.doPostprocess(straight, [whole(32, 48)]);
    const [b] = await head.doPostprocess(mirrored, [{ ...whole(32, 48), flippedHorizontally: true }]);
    expectClose(b!.depth, a!.depth, 1e-5);
  });

  it('joins the outputs of a test-time flip, padding left where it is', async () => {
    const head = depth({ bins: 8 }, context);
    const meta = { originalSize: [16, 24], resizedSize: [16, 24], inputSize: [32, 48] } as const;
    const columns = [1, 2, 3, 4, 5, 6, 9, 9, 9, 9, 9, 9];
    const rows = (line: readonly number[]): Tensor3D =>
      tensor(
        Array<number[]>(8)
          .fill([...line])
          .flat(),
        [1, 8, 12],
      );
    const centres = tensor([1, 2], [1, 2]) as Tensor2D;
    const raw: DepthRaw = { 'depth.0': rows(columns), 'centres.0': centres };
    const mirrored: DepthRaw = { 'depth.0': rows([5, 5, 5, 5, 3, 1, 9, 9, 9, 9, 9, 9]), 'centres.0': centres };
    const merged = head.doMergeMirrored!(raw, mirrored, [meta]);
    const line = (await merged['depth.0']!.data()).slice(0, 12);
    expect([...line]).toEqual([1, 2.5, 4, 4.5, 5, 5.5, 9, 9, 9, 9, 9, 9]);
    expect(merged['centres.0']).toBe(centres);
    const [joined] = await head.doPostprocess(merged, [meta]);
    const [a] = await head.doPostprocess(raw, [meta]);
    const [b] = await head.doPostprocess(mirrored, [{ ...meta, flippedHorizontally: true }]);
    expectClose(
      joined!.depth,
      a!.depth.map((value, i) => (value + b!.depth[i]!) / 2),
      1e-5,
    );
  });

  it('learns nothing, and finite numbers, from a batch whose depth is nowhere known', async () => {
    const head = depth({ bins: 8, loss: 'binsformer', chamferWeight: 0.1 }, context);
    const values = Float32Array.from({ length: 96 }, (_, i) => 1 + Math.sin(i) ** 2);
    const centres = tensor([1, 2], [1, 2]) as Tensor2D;
    const targets = [{ depth: { data: new Float32Array(32 * 48), shape: [32, 48] } }];
    const around = lossContext([whole(32, 48)]);
    const at = (map: Tensor): DepthRaw => ({ 'depth.0': map as Tensor3D, 'centres.0': centres });
    const map = tensor(values, [1, 8, 12]);
    const assignment = await head.doAssign!(at(map), targets, around);
    const loss = (x: Tensor) => head.doLoss(at(x), targets, assignment, around).total;
    expect(Number.isFinite((await loss(map).data())[0]!)).toBe(true);
    expect((await grad(loss)(map).data()).every((g) => g === 0)).toBe(true);
  });

  it('says what is wrong with a configuration', () => {
    expect(() => depth({ minDepth: 5, maxDepth: 2 }, context)).toThrow(/maxDepth/);
  });

  it('measures a perfect prediction as perfect', () => {
    const head = depth({}, context);
    const metrics = head.createMetrics();
    const data = Float32Array.from({ length: 12 }, (_, i) => 1 + i / 4);
    metrics.update([
      { result: { depth: data, size: [3, 4] }, target: { depth: { data, shape: [3, 4] } }, meta: whole(3, 4) },
    ]);
    expect(metrics.compute()).toMatchObject({ delta1: 1, absRel: 0, rmse: 0 });
  });
});
