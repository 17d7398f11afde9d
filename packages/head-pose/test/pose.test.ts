import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { encodeHeatmaps, keypointSimilarity, Random } from '@glid/head-kit';
import { enableProdMode, setBackend, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { averageMirrored, coco17, detectThenPose, lsp14, type PoseResult, personRegion, pose } from '../src/index.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

const context = { hiddenSize: 8, pixelStride: 4 } as const;
const whole = { originalSize: [256, 192], resizedSize: [256, 192], inputSize: [256, 192] } as const;

describe('pose head', () => {
  it('finds again what the target says, within a hundredth of a pixel, for a crop of the original too', async () => {
    const head = pose(coco17, context);
    const random = new Random(3);
    const joints = Float32Array.from(
      { length: 51 },
      (_, i) => [random.uniform(25, 165), random.uniform(25, 230), 2][i % 3]!,
    );
    const indices = joints.map((v, i) => (i % 3 === 2 ? v : v - 0.5));
    const { maps } = encodeHeatmaps(indices, { inputSize: [256, 192], heatmapSize: [64, 48], sigma: 2 });
    const raw = { 'heatmaps.0': tensor4d(maps, [1, 17, 64, 48]) };
    const [plain] = await head.doPostprocess(raw, [whole]);
    plain!.joints.forEach(({ x, y }, j) => {
      expect(Math.hypot(x - joints[3 * j]!, y - joints[3 * j + 1]!)).toBeLessThan(0.01);
    });
    const crop = { x: -10, y: 20, width: 96, height: 128 };
    const [cropped] = await head.doPostprocess(raw, [{ ...whole, originalSize: [480, 640], crop }]);
    cropped!.joints.forEach(({ x, y }, j) => {
      expect(x).toBeCloseTo(-10 + plain!.joints[j]!.x / 2, 3);
      expect(y).toBeCloseTo(20 + plain!.joints[j]!.y / 2, 3);
    });
    const target = { keypoints: joints, area: 20000 };
    expect(
      keypointSimilarity(
        plain!.joints.flatMap(({ x, y }) => [x, y, 1]),
        target,
        coco17.sigmas,
      ),
    ).toBeGreaterThan(0.999);
  });

  it('reads a softmax over the cells as heat maps: the same joints, sure ones near 1', async () => {
    const joints = Float32Array.from({ length: 51 }, (_, i) => [30 + 2 * i, 40 + 3 * i, 2][i % 3]!);
    const { maps } = encodeHeatmaps(joints, { inputSize: [256, 192], heatmapSize: [64, 48], sigma: 2 });
    const read = async (loss: 'mse' | 'crossEntropy', values: Float32Array) => {
      const raw = { 'heatmaps.0': tensor4d(values, [1, 17, 64, 48]) };
      const [body] = await pose({ ...coco17, loss }, context).doPostprocess(raw, [whole]);
      return body!.joints;
    };
    const wanted = await read('mse', maps);
    const found = await read(
      'crossEntropy',
      maps.map((height) => 7 + Math.log(height + 1e-30)),
    );
    found.forEach(({ x, y, score }, j) => {
      expect(Math.hypot(x - wanted[j]!.x, y - wanted[j]!.y)).toBeLessThan(0.01);
      expect(score).toBeCloseTo(wanted[j]!.score, 1);
    });
  });

  it('test-time flip of a mirrored body changes nothing (UDP needs no shift)', async () => {
    const head = pose(coco17, context);
    const joints = Float32Array.from(
      { length: 51 },
      (_, i) => [40 + 6 * Math.floor(i / 3), 30 + 12 * Math.floor(i / 3), 2][i % 3]!,
    );
    const geometry = { inputSize: [256, 192], heatmapSize: [64, 48], sigma: 2 } as const;
    const swap = Array.from({ length: 17 }, (_, j) => j);
    for (const [a, b] of coco17.flipPairs) [swap[a!], swap[b!]] = [b!, a!];
    const mirrored = Float32Array.from(swap.flatMap((j) => [191 - joints[3 * j]!, joints[3 * j + 1]!, 2]));
    const maps = [joints, mirrored].map((body) => ({
      'heatmaps.0': tensor4d(encodeHeatmaps(body, geometry).maps, [1, 17, 64, 48]),
    }));
    const [before] = await head.doPostprocess(maps[0]!, [whole]);
    const [after] = await head.doPostprocess(averageMirrored(head.config, maps[0]!, maps[1]!, [whole]), [whole]);
    after!.joints.forEach(({ x, y }, j) => {
      expect(x).toBeCloseTo(before!.joints[j]!.x, 3);
      expect(y).toBeCloseTo(before!.joints[j]!.y, 3);
    });
  });

  it('turns back the part that shows the person, not the padding', async () => {
    const head = pose({ ...lsp14, sigma: 1 }, context);
    const meta = { originalSize: [8, 12], resizedSize: [8, 12], inputSize: [8, 16] } as const;
    const maps = Float32Array.from({ length: 14 * 2 * 4 }, (_, i) => i);
    const raw = { 'heatmaps.0': tensor4d(maps, [1, 14, 2, 4]) };
    const merged = head.doMergeMirrored!(raw, raw, [meta]);
    const got = await merged['heatmaps.0']!.data();
    const partner = Int32Array.from({ length: 14 }, (_, j) => j);
    for (const [a, b] of lsp14.flipPairs) [partner[a!], partner[b!]] = [b!, a!];
    for (let j = 0; j < 14; j++) {
      for (let y = 0; y < 2; y++) {
        for (let x = 0; x < 4; x++) {
          const from = (partner[j]! * 2 + y) * 4 + (x < 3 ? 2 - x : x);
          expect(got[(j * 2 + y) * 4 + x]).toBe((maps[(j * 2 + y) * 4 + x]! + maps[from]!) / 2);
        }
      }
    }
  });

  it('counts joints found within a tenth of the longer side of their own box, whatever AP says', () => {
    const head = pose({ ...lsp14, sigma: 1 }, context);
    // Two bodies, 100 px tall. Of the second, joints 0..9 are annotated; the answer is off by i px on joint i + 5 of them.
    const truth = (left: number, annotated: number): number[] =>
      Array.from({ length: 14 }, (_, j) => [left + j, 5 * j, j < annotated ? 2 : 0]).flat();
    const target = {
      joints: { data: Float32Array.from([...truth(0, 14), ...truth(200, 10)]), shape: [2, 14, 3] },
      boxes: { data: Float32Array.from([0, 0, 60, 100, 200, 0, 260, 100]), shape: [2, 4] },
      areas: { data: Float32Array.from([6000, 6000]), shape: [2] },
    };
    const result = {
      score: 0.5,
      size: [256, 320],
      joints: Array.from({ length: 14 }, (_, j) => ({ name: '', x: 200 + j, y: 5 * j + 5 + j, score: 0.5 })),
    };
    const metrics = head.createMetrics();
    expect(metrics.compute().PCK).toBeNaN();
    metrics.update([{ result, target, meta: whole }] as never);
    expect(metrics.compute().PCK).toBe(6 / 10); // 5 to 10 px off: joints 0 to 5
    metrics.reset();
    expect(metrics.compute().PCK).toBeNaN();
  });

  it('has no loss from joints that are not labelled', async () => {
    const head = pose({ ...lsp14, sigma: 1 }, context);
    const target = {
      joints: { data: new Float32Array(42), shape: [1, 14, 3] },
      boxes: { data: new Float32Array(4), shape: [1, 4] },
      areas: { data: new Float32Array(1), shape: [1] },
    };
    const raw = { 'heatmaps.0': tensor4d(new Float32Array(14 * 64 * 48).fill(3), [1, 14, 64, 48]) };
    const { total } = head.doLoss(raw, [target as never], undefined, {
      metas: [whole],
      random: new Random(0),
      meanOverRanks: async (n) => n,
    });
    expect((await total.data())[0]).toBe(0);
  });
});

describe('people', () => {
  it('grow to the aspect ratio around their centre, then by the padding', () => {
    expect(personRegion([10, 20, 40, 120], [256, 192], 1.25)).toEqual({
      x: -21.875,
      y: 7.5,
      width: 93.75,
      height: 125,
    });
    expect(() => personRegion([5, 5, 5, 9], [256, 192])).toThrow(expect.objectContaining({ code: 'GLID_DATA' }));
  });

  it('are joined with their joints, rescored, and found once', async () => {
    const body = (x: number): PoseResult => ({
      size: [200, 200],
      score: 0.8,
      joints: coco17.joints.map((name, j) => ({ name, x: x + j, y: 50 + 3 * j, score: 0.8 })),
    });
    const result = await detectThenPose(
      coco17,
      async () => [
        { box: [0, 40, 40, 120], score: 0.9 },
        { box: [1, 40, 41, 120], score: 0.6 },
        { box: [100, 40, 140, 120], score: 0.7 },
        { box: [0, 0, 9, 9], score: 0.1 },
      ],
      async (regions) => regions.map(({ x }) => body(x + 30)),
    );
    expect(result.map(({ score }) => score)).toEqual([expect.closeTo(0.72), expect.closeTo(0.56)]);
    expect(result.map(({ box }) => box[0])).toEqual([0, 100]);
  });
});
