import { type BoxXyxy, type CocoTask, createCocoEvaluator, type Dataset, type SceneRecord } from '@glid/base';
import { beforeAll, describe, expect, it } from 'vitest';
import { cocoSkeleton, syntheticFigures, syntheticScenes } from '../src/index.ts';

/**
 * What answers without any understanding score on synthetic scenes: fitted on one seed, measured on another. They must
 * score badly. `GLID_PRINT=1` prints the numbers that the README quotes.
 */
const side = 64;
const fit = syntheticScenes({ seed: 11, length: 300, size: side });
const held = syntheticScenes({ seed: 12, length: 150, size: side });
const labels = fit.semanticLabels!;
const classes = labels.length;

interface Scene {
  readonly record: SceneRecord;
  readonly rgb: ArrayLike<number>;
  readonly semantic: ArrayLike<number>;
  readonly depth: ArrayLike<number>;
}

async function scenesOf(dataset: Dataset): Promise<Scene[]> {
  const scenes: Scene[] = [];
  for (let i = 0; i < dataset.length; i++) {
    const record = await dataset.get(i);
    const rgb = (await record.image()).data;
    scenes.push({ record, rgb, semantic: (await record.semantic!()).data, depth: (await record.depth!()).data });
  }
  return scenes;
}

let train: Scene[];
let test: Scene[];
beforeAll(async () => {
  train = await scenesOf(fit);
  test = await scenesOf(held);
});

const print = (name: string, value: number): number => {
  if (process.env.GLID_PRINT) console.log(`${name}: ${value.toFixed(3)}`);
  return value;
};

/** The most frequent class of each cell of a partition of the pixels. */
function cellClassifier(
  cellOf: (scene: Scene, pixel: number) => number,
  cells: number,
): (scene: Scene, pixel: number) => number {
  const counts = new Uint32Array(cells * classes);
  for (const scene of train) {
    for (let p = 0; p < side * side; p++) counts[cellOf(scene, p) * classes + scene.semantic[p]!]!++;
  }
  const best = Uint8Array.from({ length: cells }, (_, cell) => {
    const row = counts.subarray(cell * classes, (cell + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  return (scene, pixel) => best[cellOf(scene, pixel)]!;
}

/** IoU of every class over the held-out scenes. */
function classIous(predict: (scene: Scene, pixel: number) => number): number[] {
  const [both, truth, guess] = [0, 1, 2].map(() => new Float64Array(classes)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const scene of test) {
    for (let p = 0; p < side * side; p++) {
      const [t, g] = [scene.semantic[p]!, predict(scene, p)];
      truth[t]!++;
      guess[g]!++;
      if (t === g) both[t]!++;
    }
  }
  return labels.map((_, c) => both[c]! / (truth[c]! + guess[c]! - both[c]!));
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const color = ({ rgb }: Scene, p: number): number =>
  ((rgb[p * 3]! >> 4) << 8) | ((rgb[p * 3 + 1]! >> 4) << 4) | (rgb[p * 3 + 2]! >> 4);
const coarse = ({ rgb }: Scene, p: number): number =>
  ((rgb[p * 3]! >> 5) << 6) | ((rgb[p * 3 + 1]! >> 5) << 3) | (rgb[p * 3 + 2]! >> 5);
const row = (p: number): number => Math.floor(p / side / 8);

describe('semantic maps of synthetic scenes', () => {
  const things = (ious: readonly number[]): number => mean(ious.slice(4));

  it('are not guessed by one class', () => {
    expect(print('mIoU, one class everywhere', mean(classIous(cellClassifier(() => 0, 1))))).toBeLessThan(0.06);
  });

  it('are not guessed by place', () => {
    const ious = classIous(cellClassifier((_, p) => p, side * side));
    expect(print('mIoU, most frequent class of each place', mean(ious))).toBeLessThan(0.2);
    expect(things(ious)).toBeLessThan(0.06);
  });

  it('are not guessed by colour, the best partition of 4096 colours', () => {
    const ious = classIous(cellClassifier(color, 4096));
    print('mIoU, 4096 colours', mean(ious));
    expect(mean(ious)).toBeLessThan(0.2);
    expect(print('mIoU of things, 4096 colours', things(ious))).toBeLessThan(0.06);
  });

  it('are not guessed by colour thresholds of one class at a time', () => {
    // For each class: the union of colours that maximises its IoU on the fitting scenes, greedily by precision.
    const inside = new Float64Array(512 * classes);
    const all = new Float64Array(512);
    const total = new Float64Array(classes);
    for (const scene of train) {
      for (let p = 0; p < side * side; p++) {
        inside[coarse(scene, p) * classes + scene.semantic[p]!]!++;
        all[coarse(scene, p)]!++;
        total[scene.semantic[p]!]!++;
      }
    }
    const ious = labels.map((_, c) => {
      const order = [...all.keys()].filter((k) => all[k]! > 0);
      order.sort((a, b) => inside[b * classes + c]! / all[b]! - inside[a * classes + c]! / all[a]!);
      let [hit, taken, best, size] = [0, 0, 0, 0];
      for (const [i, k] of order.entries()) {
        hit += inside[k * classes + c]!;
        taken += all[k]!;
        const iou = hit / (taken + total[c]! - hit);
        if (iou > best) [best, size] = [iou, i + 1];
      }
      const chosen = new Set(order.slice(0, size));
      let [both, guess, truth] = [0, 0, 0];
      for (const scene of test) {
        for (let p = 0; p < side * side; p++) {
          const g = chosen.has(coarse(scene, p));
          const t = scene.semantic[p] === c;
          if (g) guess++;
          if (t) truth++;
          if (g && t) both++;
        }
      }
      return print(`  best colour set for ${labels[c]}, IoU`, both / (guess + truth - both));
    });
    expect(print('mean of the best colour sets', mean(ious))).toBeLessThan(0.22);
    expect(things(ious)).toBeLessThan(0.12);
  });

  it('are not guessed by colour and height together', () => {
    const ious = classIous(cellClassifier((scene, p) => row(p) * 512 + coarse(scene, p), 4096));
    expect(print('mIoU, 512 colours in 8 bands', mean(ious))).toBeLessThan(0.24);
    expect(things(ious)).toBeLessThan(0.06);
  });
});

describe('boxes of synthetic scenes', () => {
  it('are not guessed by fixed boxes', () => {
    const categories = fit.labels.map((name, id) => ({ id: id + 1, name }));
    const task: CocoTask = 'bbox';
    const evaluator = createCocoEvaluator({ task, categories });
    const boxes = (scenes: readonly Scene[]): { categoryId: number; bbox: [number, number, number, number] }[] =>
      scenes.flatMap(({ record }) =>
        (record.objects ?? []).map(({ label, box }) => ({
          categoryId: fit.labels.indexOf(label) + 1,
          bbox: xywh(box),
        })),
      );
    // The hundred most central boxes of the fitting scenes, each standing for its class.
    const known = boxes(train);
    const centrality = (bbox: readonly number[]): number =>
      known.reduce((sum, other) => sum + iou(bbox, other.bbox), 0);
    const fixed = known
      .filter((_, i) => i % 3 === 0)
      .map((one) => ({ ...one, score: centrality(one.bbox) / known.length }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 100);
    evaluator.update(test.map((scene, i) => ({ imageId: i, truths: boxes([scene]), detections: fixed })));
    const { stats } = evaluator.compute();
    expect(print('AP50, a hundred fixed boxes', stats.AP50 ?? Number.NaN)).toBeLessThan(0.05);
  });
});

describe('depth of synthetic scenes', () => {
  it('is not guessed by the median or by the median of each row', () => {
    const relative = (guess: (pixel: number) => number): { rel: number; d1: number } => {
      const errors = test.map(({ depth }) => {
        let [sum, close, n] = [0, 0, 0];
        for (let p = 0; p < side * side; p++) {
          const metres = depth[p]!;
          if (metres === 0) continue;
          sum += Math.abs(metres - guess(p)) / metres;
          if (Math.max(metres / guess(p), guess(p) / metres) < 1.25) close++;
          n++;
        }
        return { rel: sum / n, d1: close / n };
      });
      return { rel: mean(errors.map(({ rel }) => rel)), d1: mean(errors.map(({ d1 }) => d1)) };
    };
    const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 5;
    const depths = (keep: (pixel: number) => boolean): number[] =>
      train.flatMap(({ depth }) => Array.from(depth).filter((metres, p) => metres > 0 && p % 7 === 0 && keep(p)));
    const all = median(depths(() => true));
    const rows = Array.from({ length: side }, (_, y) => median(depths((p) => Math.floor(p / side) === y)));
    const constant = relative(() => all);
    const byRow = relative((p) => rows[Math.floor(p / side)]!);
    print('REL, median', constant.rel);
    print('REL, median of the row', byRow.rel);
    print('delta1, median', constant.d1);
    print('delta1, median of the row', byRow.d1);
    expect(constant.rel).toBeGreaterThan(0.4);
    expect(byRow.rel).toBeGreaterThan(0.2);
    expect(byRow.d1).toBeLessThan(0.65);
  });
});

describe('joints of synthetic figures', () => {
  it('are not guessed by the mean pose in the right box', async () => {
    const places = async (seed: number, length: number) => {
      const figures = syntheticFigures({ seed, length });
      return Promise.all(Array.from({ length }, async (_, i) => (await figures.get(i)).objects![0]!));
    };
    const sums = new Float64Array(34);
    const counts = new Float64Array(17);
    for (const { keypoints, box } of await places(21, 250)) {
      for (let k = 0; k < 17; k++) {
        if (keypoints![k * 3 + 2] === 0) continue;
        sums[k * 2]! += (keypoints![k * 3]! - box[0]) / (box[2] - box[0]);
        sums[k * 2 + 1]! += (keypoints![k * 3 + 1]! - box[1]) / (box[3] - box[1]);
        counts[k]!++;
      }
    }
    const evaluator = createCocoEvaluator({ task: 'keypoints', categories: [{ id: 1 }], sigmas: cocoSkeleton.sigmas });
    const people = await places(22, 120);
    evaluator.update(
      people.map(({ keypoints, box, area }, i) => ({
        imageId: i,
        truths: [{ categoryId: 1, keypoints: keypoints!, area: area!, bbox: xywh(box) }],
        detections: [
          {
            categoryId: 1,
            score: 1,
            keypoints: Array.from({ length: 17 }, (_, k) => [
              box[0] + (sums[k * 2]! / counts[k]!) * (box[2] - box[0]),
              box[1] + (sums[k * 2 + 1]! / counts[k]!) * (box[3] - box[1]),
              1,
            ]).flat(),
          },
        ],
      })),
    );
    const { stats } = evaluator.compute();
    print('AP50 of joints, mean pose in the true box', stats.AP50 ?? Number.NaN);
    expect(print('AP of joints, mean pose in the true box', stats.AP ?? Number.NaN)).toBeLessThan(0.2);
  });
});

function xywh([x0, y0, x1, y1]: BoxXyxy): [number, number, number, number] {
  return [x0, y0, x1 - x0, y1 - y0];
}

function iou(a: readonly number[], b: readonly number[]): number {
  const w = Math.min(a[0]! + a[2]!, b[0]! + b[2]!) - Math.max(a[0]!, b[0]!);
  const h = Math.min(a[1]! + a[3]!, b[1]! + b[3]!) - Math.max(a[1]!, b[1]!);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a[2]! * a[3]! + b[2]! * b[3]! - w * h);
}
