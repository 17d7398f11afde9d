import { expectClose, hasShared, loadFixture, readSharedJson, sharedPath, withoutShared } from '@glid/test-utils';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DepthMetrics, PanopticMap, PanopticResult } from '../index.ts';
import {
  createDepthEvaluator,
  createPanopticEvaluator,
  createSemanticEvaluator,
  createVocEvaluator,
  parseCocoPanoptic,
  parseCocoPanopticResults,
} from '../index.ts';

type Numbers = Record<string, number>;
interface Case<E> {
  id: string;
  files: Record<string, string>;
  expected: E;
}
const metrics = ['data', 'metrics'];
const caseOf = <T>(id: string): T => {
  const { cases } = readSharedJson<{ cases: { id: string }[] }>(...metrics, 'expected.json');
  return cases.find((one) => one.id === id) as T;
};
const title = (what: string): string => `${what}${hasShared ? '' : ` (${withoutShared})`}`;

async function idMap(file: string): Promise<{ size: [number, number]; ids: Int32Array }> {
  const { data, info } = await sharp(file)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const ids = Int32Array.from(
    { length: info.width * info.height },
    (_, i) => data[i * 3]! + 256 * data[i * 3 + 1]! + 65536 * data[i * 3 + 2]!,
  );
  return { size: [info.height, info.width], ids };
}

async function panopticQuality(folder: string[], files: Record<string, string>): Promise<PanopticResult> {
  const groundTruth = parseCocoPanoptic(readSharedJson(...folder, files.gt!), files.gt!);
  const predictions = parseCocoPanopticResults(readSharedJson(...folder, files.pred!), groundTruth, files.pred!);
  const evaluator = createPanopticEvaluator(groundTruth);
  for (const { imageId, fileName, segments } of groundTruth.annotations) {
    const prediction = predictions.find((one) => one.imageId === imageId)!;
    const truthMap: PanopticMap = { ...(await idMap(sharedPath(...folder, files.gt_png!, fileName))), segments };
    const predictionMap: PanopticMap = {
      ...(await idMap(sharedPath(...folder, files.pred_png!, prediction.fileName))),
      segments: prediction.segments,
    };
    evaluator.update({ imageId, truth: truthMap, prediction: predictionMap });
  }
  return evaluator.compute();
}

interface PanopticExpected {
  All: Numbers;
  Things: Numbers;
  Stuff: Numbers;
}

function expectPanoptic(result: PanopticResult, expected: PanopticExpected, perClass: Record<string, Numbers>): void {
  for (const [name, mean] of [
    ['All', result.all] as const,
    ['Things', result.things] as const,
    ['Stuff', result.stuff] as const,
  ]) {
    const known = expected[name];
    expect(mean.categories).toBe(known.n);
    expectClose([mean.PQ, mean.SQ, mean.RQ], [known.pq!, known.sq!, known.rq!], 1e-9, name);
  }
  for (const { id, PQ, SQ, RQ } of result.perCategory) {
    const known = perClass[id] ?? { pq: 0, sq: 0, rq: 0 };
    expectClose([PQ || 0, SQ || 0, RQ || 0], [known.pq!, known.sq!, known.rq!], 1e-9, `category ${id}`);
  }
}

describe.skipIf(!hasShared)(title('panoptic quality against panopticapi'), () => {
  const folder = ['fixtures', 'numerics', 'panoptic'];
  it.each([
    ['synthetic', { gt: 'gt.json', gt_png: 'gt', pred: 'pred.json', pred_png: 'pred' }],
    ['sample', { gt: 'sample_gt.json', gt_png: 'sample_gt', pred: 'sample_pred.json', pred_png: 'sample_pred' }],
  ])('%s', async (name, files) => {
    const { expected, expected_gt_against_itself } = loadFixture('panoptic', name).manifest;
    expectPanoptic(await panopticQuality(folder, files), expected, expected.per_class);
    if (expected_gt_against_itself) {
      const itself = await panopticQuality(folder, { ...files, pred: files.gt, pred_png: files.gt_png });
      const { All, Things, Stuff } = expected_gt_against_itself;
      for (const [mean, known] of [
        [itself.all, All],
        [itself.things, Things],
        [itself.stuff, Stuff],
      ] as const) {
        expect([mean.PQ, mean.SQ, mean.RQ, mean.categories]).toEqual([known.pq, known.sq, known.rq, known.n]);
      }
    }
  });
  it('panoptic30', async () => {
    const { files, expected, expected_per_class_nonzero } = caseOf<
      Case<PanopticExpected> & { expected_per_class_nonzero: Record<string, Numbers> }
    >('panoptic30');
    expectPanoptic(await panopticQuality(metrics, files), expected, expected_per_class_nonzero);
  });
});

describe.skipIf(!hasShared)(title('semantic evaluation'), () => {
  it('miou12', async () => {
    const { files, expected, expected_confusion, expected_per_image } = caseOf<
      Case<{ miou: number; pixel_acc: number; mean_acc: number; fw_iou: number; iou_per_class: number[] }> & {
        expected_confusion: number[][];
        expected_per_image: { file: string; miou: number; pixel_acc: number }[];
      }
    >('miou12');
    const labels = Array.from({ length: 11 }, (_, c) => `class ${c}`);
    const read = async (folder: string, file: string): Promise<Uint8Array> =>
      sharp(sharedPath(...metrics, folder, file))
        .extractChannel(0)
        .raw()
        .toBuffer();
    const evaluators = (['truth', 'union'] as const).map((average) =>
      createSemanticEvaluator({ labels, ignore: 11, average }),
    );
    for (const { file, miou, pixel_acc } of expected_per_image) {
      const sample = {
        imageId: file,
        truth: await read(files.gt!, file),
        prediction: await read(files.pred!, file),
      };
      for (const evaluator of evaluators) evaluator.update(sample);
      const one = createSemanticEvaluator({ labels, ignore: 11, average: 'union' });
      one.update(sample);
      expectClose([one.compute().mIoU, one.compute().pixelAccuracy], [miou, pixel_acc], 1e-9, file);
    }
    for (const evaluator of evaluators) {
      const result = evaluator.compute();
      expectClose(
        [result.mIoU, result.pixelAccuracy, result.meanAccuracy, result.fwIoU],
        [expected.miou, expected.pixel_acc, expected.mean_acc, expected.fw_iou],
        1e-9,
      );
      expectClose(
        result.perClass.map(({ IoU }) => IoU),
        expected.iou_per_class,
        1e-9,
      );
      expect([...result.confusion]).toEqual(expected_confusion.flatMap((row) => row.slice(0, 11)));
    }
  });
});

describe.skipIf(!hasShared)(title('depth evaluation'), () => {
  const names: Record<keyof DepthMetrics, string> = {
    delta1: 'delta1',
    delta2: 'delta2',
    delta3: 'delta3',
    absRel: 'abs_rel',
    sqRel: 'sq_rel',
    rmse: 'rmse',
    rmseLog: 'rmse_log',
    log10: 'log10',
    silog: 'silog',
  };
  const expectMetrics = (
    got: DepthMetrics,
    expected: Numbers,
    tolerance: number,
    aliases: Record<string, string> = {},
  ): void => {
    for (const [name, key] of Object.entries(names)) {
      const known = expected[aliases[key] ?? key]!;
      expectClose([got[name as keyof DepthMetrics]], [known], tolerance, name);
    }
  };

  it('depth12', async () => {
    const { files, expected, expected_per_image } = caseOf<
      Case<Record<'mean_over_images' | 'pooled_over_pixels', Numbers>> & {
        expected_per_image: (Numbers & { file: string })[];
      }
    >('depth12');
    const read = async (folder: string, file: string) => {
      const { data, info } = await sharp(sharedPath(...metrics, folder, file))
        .toColourspace('grey16')
        .raw({ depth: 'ushort' })
        .toBuffer({ resolveWithObject: true });
      const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
      return {
        size: [info.height, info.width] as const,
        metres: Float64Array.from(values, (millimetres) => millimetres / 1000),
      };
    };
    const evaluator = createDepthEvaluator();
    for (const { file } of expected_per_image) {
      const { size, metres } = await read(files.gt!, file);
      evaluator.update({ imageId: file, size, truth: metres, prediction: (await read(files.pred!, file)).metres });
    }
    const { mean, pooled, pixels } = evaluator.compute();
    expectMetrics(mean, expected.mean_over_images, 1e-9);
    expectMetrics(pooled, expected.pooled_over_pixels, 1e-9);
    expect(pixels).toBe(expected.pooled_over_pixels.n);
    evaluator.perImage().forEach((one, i) => {
      expect(one.pixels).toBe(expected_per_image[i]!.n);
      expectMetrics(one, expected_per_image[i]!, 1e-9);
    });
  });

  it("AdaBins' validation", () => {
    const fixture = loadFixture('depth', 'metrics');
    const { per_image, mean } = fixture.manifest as unknown as { per_image: Numbers[]; mean: Numbers };
    const [truth, prediction] = [fixture.tensor('gt'), fixture.tensor(fixture.names.find((name) => name !== 'gt')!)];
    const [images, height, width] = truth.shape as [number, number, number];
    const evaluator = createDepthEvaluator({ minDepth: fixture.config.min, maxDepth: fixture.config.max });
    for (let i = 0; i < images; i++) {
      const pixels = [i * height * width, (i + 1) * height * width] as const;
      evaluator.update({
        imageId: i,
        size: [height, width],
        truth: truth.data.subarray(...pixels),
        prediction: prediction.data.subarray(...pixels),
      });
    }
    const aliases = { delta1: 'a1', delta2: 'a2', delta3: 'a3', log10: 'log_10' };
    expectMetrics(evaluator.compute().mean, mean, 1e-6, aliases);
    for (const [i, one] of evaluator.perImage().entries()) expectMetrics(one, per_image[i]!, 1e-6, aliases);
  });
});

describe.skipIf(!hasShared)(title('Pascal VOC average precision'), () => {
  interface Entry {
    image: string;
    class: string;
    bbox: [number, number, number, number];
    score: number;
  }
  interface Expected {
    iou: number;
    interpolation: string;
    inclusive_pixels: boolean;
    mAP: number;
    AP: Numbers;
    tp: Numbers;
  }
  it.each(['voc_case1', 'voc_toy10'])('%s', (id) => {
    const { files, expected } = caseOf<Case<Expected[]>>(id);
    const [truths, detections] = [files.gt!, files.dt!].map((file) =>
      readSharedJson<Entry[]>(...metrics, file).map((entry) => ({ ...entry, label: entry.class })),
    ) as [(Entry & { label: string })[], (Entry & { label: string })[]];
    const images = [...new Set([...truths, ...detections].map(({ image }) => image))];
    for (const { iou, interpolation, inclusive_pixels, mAP, AP, tp } of expected) {
      const evaluator = createVocEvaluator({
        labels: Object.keys(AP),
        iouThreshold: iou,
        interpolation: interpolation === '11-point' ? '11-point' : 'area',
        inclusivePixels: inclusive_pixels,
      });
      for (const imageId of images) {
        const here = ({ image }: Entry): boolean => image === imageId;
        evaluator.update({
          imageId,
          truths: truths.filter(here).map(({ label, bbox }) => ({ label, bbox })),
          detections: detections.filter(here),
        });
      }
      const result = evaluator.compute();
      expectClose([result.mAP], [mAP], 1e-9, `IoU ${iou}, ${interpolation}`);
      for (const one of result.perClass) {
        expectClose([one.AP, one.truePositives], [AP[one.label]!, tp[one.label]!], 1e-9, one.label);
      }
    }
  });
});
