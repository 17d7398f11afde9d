import { hasShared, readSharedJson, sharedPath, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import { glid } from './run-glid.ts';

interface Case {
  readonly id: string;
  readonly iou_type?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly settings: { readonly oks_sigmas?: readonly number[] };
  readonly expected: never;
  readonly tolerance: number;
}

const title = hasShared ? '' : ` (${withoutShared})`;
const place = (path: string): string => sharedPath('data', 'metrics', path);
const cases = hasShared ? (readSharedJson('data', 'metrics', 'expected.json') as { cases: Case[] }).cases : [];
const caseOf = (id: string): Case => cases.find((entry) => entry.id === id)!;

async function metricsOf(task: string, gt: string, dt: string, ...more: string[]): Promise<Record<string, number>> {
  const { code, json, stderr } = await glid('score', '--task', task, '--gt', gt, '--dt', dt, '--json', ...more);
  expect(code, stderr).toBe(0);
  expect(json).toMatchObject({ task });
  return (json as { metrics: Record<string, number> }).metrics;
}

function expectMetrics(got: Record<string, number>, expected: Record<string, number>, tolerance: number): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    expect(Math.abs(got[name]! - value), `${name}: ${got[name]} for ${value}`).toBeLessThanOrEqual(tolerance);
  }
}

const cocoNames = (expected: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(expected).map(([name, value]) => [
      name.replace('_small', 's').replace('_medium', 'm').replace('_large', 'l').replace('_max', ''),
      value,
    ]),
  );

describe.skipIf(!hasShared)(`glid score on reference cases${title}`, () => {
  it.each(cases.filter((entry) => entry.iou_type).map((entry) => [entry.id, entry] as const))(
    '%s has the numbers of pycocotools',
    async (_, { iou_type: task, files, settings, expected, tolerance }) => {
      const sigmas = settings.oks_sigmas ? ['--sigmas', settings.oks_sigmas.join(',')] : [];
      const got = await metricsOf(task!, place(files.gt!), place(files.dt!), ...sigmas);
      expectMetrics(got, cocoNames(expected), tolerance);
    },
  );

  it('reads the sigmas of a category where they stand in the file', async () => {
    const { files, expected, tolerance } = caseOf('keypoints14_lspet');
    expectMetrics(await metricsOf('keypoints', place(files.gt!), place(files.dt!)), cocoNames(expected), tolerance);
  });

  it('asks for sigmas that nobody knows', async () => {
    const { files } = caseOf('keypoints14_crowdpose');
    const { code, stderr } = await glid(
      'score',
      '--task',
      'keypoints',
      '--gt',
      place(files.gt!),
      '--dt',
      place(files.dt!),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('--sigmas');
  });

  it.each([
    ['the JSON files', 'gt', 'pred'],
    ['the PNG folders', 'gt_png', 'pred_png'],
  ])('panoptic30 has the numbers of panopticapi, by %s', async (_, gt, dt) => {
    const { files, expected, tolerance } = caseOf('panoptic30');
    const quality = expected as Record<'All' | 'Things' | 'Stuff', { pq: number; sq: number; rq: number }>;
    const named = (
      [
        ['All', ''],
        ['Things', '_th'],
        ['Stuff', '_st'],
      ] as const
    ).flatMap(([group, suffix]) =>
      (['pq', 'sq', 'rq'] as const).map((name) => [name.toUpperCase() + suffix, quality[group][name]] as const),
    );
    expectMetrics(
      await metricsOf('panoptic', place(files[gt]!), place(files[dt]!)),
      Object.fromEntries(named),
      tolerance,
    );
  });

  it('miou12 has the numbers of the confusion matrix, with and without named classes', async () => {
    const { files, expected, tolerance } = caseOf('miou12');
    const { miou: mIoU, pixel_acc: pixelAccuracy } = expected as Record<string, number>;
    const want = { mIoU: mIoU!, pixelAccuracy: pixelAccuracy! };
    const [gt, dt] = [place(files.gt!), place(files.pred!)];
    expectMetrics(await metricsOf('semantic', gt, dt), want, tolerance);
    expectMetrics(
      await metricsOf('semantic', gt, dt, '--categories', sharedPath('data', 'camvid', 'classes.json')),
      want,
      tolerance,
    );
    expectMetrics(await metricsOf('semantic', gt, dt, '--ignore', '11'), want, tolerance);
  });

  it('says so when it takes a value for "no class"', async () => {
    const { files } = caseOf('miou12');
    const { stderr } = await glid('score', '--task', 'semantic', '--gt', place(files.gt!), '--dt', place(files.pred!));
    expect(stderr).toContain('holds 11, above every predicted class');
  });

  it('depth12 has the published means over pictures', async () => {
    const { files, expected, tolerance } = caseOf('depth12');
    const mean = (expected as { mean_over_images: Record<string, number> }).mean_over_images;
    const names = { rmse_log: 'rmseLog', abs_rel: 'absRel', sq_rel: 'sqRel', delta1: 'd1', delta2: 'd2', delta3: 'd3' };
    const want = Object.entries(mean).map(([name, value]) => [(names as Record<string, string>)[name] ?? name, value]);
    expectMetrics(await metricsOf('depth', place(files.gt!), place(files.pred!)), Object.fromEntries(want), tolerance);
  });

  it.each([
    [['--task', 'bbox', '--gt', 'nowhere.json', '--dt', 'x.json'], 1, /nowhere\.json cannot be read/],
    [['--task', 'bbox', '--gt', place('depth12'), '--dt', 'x.json'], 1, /Give a file, not a folder/],
    [['--task', 'depth', '--gt', place('depth12/gt'), '--dt', place('miou12/pred')], 1, /12 of 12 maps are missing/],
    [['--task', 'semantic', '--gt', place('depth12/gt'), '--dt', 'nowhere'], 1, /nowhere cannot be listed/],
    [['--task', 'bbox', '--gt', place('expected.json'), '--dt', 'x.json'], 1, /field 'images'/],
    [['--task', 'bobx', '--gt', 'a', '--dt', 'b'], 2, /Did you mean 'bbox'/],
    [['--task', 'bbox', '--gt', 'a', '--dt', 'b', '--eigen-crop'], 2, /means nothing for task 'bbox'/],
  ])('refuses %j', async (args, expectedCode, message) => {
    const { code, stderr, stdout } = await glid('score', ...args);
    expect(code).toBe(expectedCode);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
  });
});
