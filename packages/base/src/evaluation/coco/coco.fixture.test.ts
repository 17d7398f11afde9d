import { expectClose, hasShared, loadFixture, readSharedJson, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import type { CocoResult, CocoTask } from '../../index.ts';
import { evaluateCocoResults, keypointSimilarity, parseCocoGroundTruth, parseCocoResults } from '../../index.ts';

const folder = ['fixtures', 'numerics', 'coco-eval'];
const read = (gt: string, dt: string) => {
  const groundTruth = parseCocoGroundTruth(readSharedJson(...folder, gt), gt);
  return { groundTruth, results: parseCocoResults(readSharedJson(...folder, dt), groundTruth, dt) };
};

type Numbers = Record<string, number>;

/** The fixtures' names for the numbers: AP_small, AR_max1 or AR_1, ... */
function renamed({ stats }: CocoResult): Numbers {
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [
      name.replace(/(AP|AR)(@|small|medium|large)/, '$1_$2').replace('@', ''),
      value,
    ]),
  );
}

function expectStats(result: CocoResult, expected: Numbers): void {
  const got = renamed(result);
  expect(Object.keys(got).sort()).toEqual(
    Object.keys(expected)
      .map((name) => name.replace('_max', '_'))
      .sort(),
  );
  for (const [name, value] of Object.entries(expected))
    expectClose([got[name.replace('_max', '_')]!], [value], 1e-9, name);
}

interface Expected {
  stats: Numbers;
  per_category: Record<string, { AP: number; AP50: number; AR: number }>;
  class_agnostic_stats: Numbers;
  maxDets_1_5_20: Numbers;
}

describe.skipIf(!hasShared)(
  `COCO evaluation against pycocotools' numbers${hasShared ? '' : ` (${withoutShared})`}`,
  () => {
    it.each(['bbox', 'segm'] as const)('instances, %s', (task) => {
      const fixture = loadFixture('coco-eval', 'instances');
      const expected: Expected = fixture.manifest.expected[task];
      const { groundTruth, results } = read('instances_gt.json', `dt_${task}.json`);
      const result = evaluateCocoResults(groundTruth, results, { task });
      expectStats(result, expected.stats);
      for (const { id, AP, AP50, AR } of result.perCategory) {
        const known = expected.per_category[id]!;
        expectClose([AP, AP50, AR], [known.AP, known.AP50, known.AR], 1e-9, `category ${id}`);
      }
      expectClose(result.averagePrecision, fixture.tensor(`${task}.precision_mean_over_recall`).data, 1e-7);
      expectClose(result.recall, fixture.tensor(`${task}.recall`).data, 1e-7);

      const agnostic = evaluateCocoResults(groundTruth, results, { task, classAgnostic: true });
      expectStats(agnostic, expected.class_agnostic_stats);
      for (const most of [1, 5, 20]) {
        const { stats } = evaluateCocoResults(groundTruth, results, {
          task,
          maxDetections: [1, 5, 20].filter((n) => n <= most),
        });
        expectClose([stats.AP!], [expected.maxDets_1_5_20[`AP@${most}`]!], 1e-9);
      }
    });

    it('instances, boxes taken from masks', () => {
      const { groundTruth, results } = read('instances_gt.json', 'dt_segm.json');
      const { expected } = loadFixture('coco-eval', 'instances').manifest;
      expectStats(evaluateCocoResults(groundTruth, results, { task: 'bbox' }), expected.bbox_from_masks.stats);
    });

    it('keypoints', () => {
      const fixture = loadFixture('coco-eval', 'keypoints');
      const { groundTruth, results } = read('person_keypoints_gt.json', 'dt_keypoints.json');
      const result = evaluateCocoResults(groundTruth, results, { task: 'keypoints' });
      expectStats(result, fixture.manifest.expected.keypoints.stats);
      expectClose(result.averagePrecision, fixture.tensor('keypoints.precision_mean_over_recall').data, 1e-7);
    });

    it('keypoint similarity', () => {
      const fixture = loadFixture('pose', 'oks');
      const { gt, dt } = fixture.manifest as unknown as {
        gt: { keypoints: number[]; area: number; bbox: [number, number, number, number] }[];
        dt: { keypoints: number[]; score: number }[];
      };
      const ranked = [...dt].sort((a, b) => b.score - a.score);
      const similarity = ranked.flatMap((detection) =>
        gt.map((truth) => keypointSimilarity(detection.keypoints, truth, fixture.config.sigmas)),
      );
      expectClose(similarity, fixture.tensor('oks').data, 1e-7);
    });
  },
);

interface MetricCase {
  id: string;
  iou_type?: CocoTask;
  files: { gt: string; dt: string };
  settings: { max_dets: number[]; oks_sigmas?: number[] };
  expected: Numbers;
  expected_AP_per_category: Numbers;
}

describe.skipIf(!hasShared)(`COCO evaluation of real data${hasShared ? '' : ` (${withoutShared})`}`, () => {
  const cases = hasShared
    ? readSharedJson<{ cases: MetricCase[] }>('data', 'metrics', 'expected.json').cases.filter((c) => c.iou_type)
    : [];
  it.each(cases)('$id', ({ iou_type: task, files, settings, expected, expected_AP_per_category }) => {
    const groundTruth = parseCocoGroundTruth(readSharedJson('data', 'metrics', files.gt), files.gt);
    const results = parseCocoResults(readSharedJson('data', 'metrics', files.dt), groundTruth, files.dt);
    const result = evaluateCocoResults(groundTruth, results, {
      task: task!,
      maxDetections: settings.max_dets,
      ...(settings.oks_sigmas ? { sigmas: settings.oks_sigmas } : {}),
    });
    expectStats(result, expected);
    const found = result.perCategory.filter(({ AP }) => AP !== -1);
    expect(found.map(({ id }) => String(id))).toEqual(Object.keys(expected_AP_per_category));
    for (const { id, AP } of found) expectClose([AP], [expected_AP_per_category[id]!], 1e-9, `category ${id}`);
  });
});
