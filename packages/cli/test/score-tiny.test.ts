import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodePng } from '../src/files/png.ts';
import { glid, temporaryFolder } from './run-glid.ts';
import { writeCoco, writePanoptic } from './tiny-data.ts';

async function metricsOf(task: string, gt: string, dt: string, ...more: string[]): Promise<Record<string, number>> {
  const { code, json, stderr } = await glid('score', '--task', task, '--gt', gt, '--dt', dt, '--json', ...more);
  expect(code, stderr).toBe(0);
  return (json as { metrics: Record<string, number> }).metrics;
}

const grey = (data: Uint8Array | Uint16Array) => encodePng({ width: 2, height: 2, channels: 1, data });

describe('glid score where the answer is known', () => {
  it.each(['bbox', 'segm', 'keypoints'])('%s: the ground truth as its own result', async (task) => {
    const root = await temporaryFolder();
    await writeCoco(root);
    const gt = join(root, `annotations/${task === 'keypoints' ? 'person_keypoints_train' : 'instances_train'}.json`);
    const { annotations } = JSON.parse(await readFile(gt, 'utf8'));
    const own = annotations.map((annotation: object) => ({ ...annotation, score: 0.9 }));
    const fields = { bbox: 'bbox', segm: 'segmentation', keypoints: 'keypoints' }[task]!;
    const results = own.map((entry: Record<string, unknown>) => ({
      image_id: entry.image_id,
      category_id: entry.category_id,
      score: entry.score,
      [fields]: entry[fields],
    }));
    await writeFile(join(root, 'results.json'), JSON.stringify(results));
    const { AP, AP50 } = await metricsOf(task, gt, join(root, 'results.json'));
    expect([AP, AP50]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
  });

  it('panoptic: the ground truth as its own result', async () => {
    const root = await temporaryFolder();
    await writePanoptic(root);
    const metrics = await metricsOf('panoptic', join(root, 'panoptic_train.json'), join(root, 'panoptic_train'));
    expect([metrics.PQ, metrics.SQ, metrics.RQ]).toEqual([1, 1, 1]);
    const results = JSON.parse(await readFile(join(root, 'panoptic_train.json'), 'utf8'));
    results.annotations[0].file_name = '../images/train/0.png';
    await mkdir(join(root, 'results'));
    await writeFile(join(root, 'results.json'), JSON.stringify(results));
    const paths = ['--gt', join(root, 'panoptic_train.json'), '--dt', join(root, 'results.json')];
    const { code, stderr } = await glid('score', '--task', 'panoptic', ...paths);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/leaves the folder/)]);
  });

  it('semantic: one of four pixels wrong, one ignored', async () => {
    const root = await temporaryFolder();
    for (const [folder, values] of [
      ['gt', [0, 0, 1, 255]],
      ['dt', [0, 1, 1, 0]],
    ] as const) {
      await mkdir(join(root, folder));
      await writeFile(join(root, folder, 'a.png'), grey(Uint8Array.from(values)));
    }
    const metrics = await metricsOf('semantic', join(root, 'gt'), join(root, 'dt'));
    expect(metrics).toEqual({ mIoU: 0.5, pixelAccuracy: expect.closeTo(2 / 3, 12) });
    await writeFile(join(root, 'classes.json'), '["a","b","c"]');
    const named = await metricsOf(
      'semantic',
      join(root, 'gt'),
      join(root, 'dt'),
      '--categories',
      join(root, 'classes.json'),
    );
    expect(named).toEqual(metrics);
  });

  it('depth: 2 m for 1 m and 1 m for 1 m; a ratio on the threshold is not below it', async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, 'gt.png'), grey(Uint16Array.of(1000, 1000, 0, 1000)));
    await writeFile(join(root, 'dt.png'), grey(Uint16Array.of(2000, 1000, 5, 1250)));
    const { rmse, absRel, d1, d2 } = await metricsOf('depth', join(root, 'gt.png'), join(root, 'dt.png'));
    expect(rmse).toBeCloseTo(Math.sqrt((1 + 0.0625) / 3), 12);
    expect(absRel).toBeCloseTo(1.25 / 3, 12);
    expect([d1, d2]).toEqual([1 / 3, 2 / 3]);
  });
});
