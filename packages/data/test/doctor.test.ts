import { compressRle, type Dataset, dataError, encodeMask, type ObjectAnnotation, type SceneRecord } from '@glid/base';
import { hasShared, sharedPath, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import {
  checkDataset,
  formatReport,
  readCoco,
  readCocoPanoptic,
  syntheticFigures,
  syntheticScenes,
} from '../src/index.ts';

const mask = (values: readonly number[]) => compressRle(encodeMask(Uint8Array.from(values), [2, 4]));
const sound: ObjectAnnotation = { label: 'cat', box: [0, 0, 2, 2], mask: mask([1, 1, 0, 0, 1, 1, 0, 0]) };

function oneRecord(record: Partial<SceneRecord>, more: Partial<Dataset> = {}): Dataset {
  return {
    name: 'one',
    length: 1,
    labels: ['cat'],
    get: async () => ({
      id: 'a',
      source: 'a.jpg',
      image: async () => ({ width: 4, height: 2, data: new Uint8Array(24) }),
      objects: [sound],
      ...record,
    }),
    ...more,
  };
}

const kindsOf = async (dataset: Dataset): Promise<string[]> =>
  (await checkDataset(dataset)).issues.map(({ kind, severity }) => `${severity} ${kind}`);

describe('checkDataset', () => {
  it('finds nothing in synthetic scenes', async () => {
    for (const dataset of [syntheticScenes({ length: 60, size: 64 }), syntheticFigures({ length: 20 })]) {
      const report = await checkDataset(dataset);
      expect(report.issues.filter(({ kind }) => kind !== 'unused-label')).toEqual([]);
      expect(report.sound).toBe(true);
    }
  });

  it.each<[string, Partial<SceneRecord>, Partial<Dataset>?]>([
    ['error box-outside', { objects: [{ label: 'cat', box: [1, 0, 9, 2] }] }],
    ['error box-empty', { objects: [{ label: 'cat', box: [3, 0, 3, 2] }] }],
    ['error mask-empty', { objects: [{ ...sound, mask: mask([0, 0, 0, 0, 0, 0, 0, 0]) }] }],
    ['error size', { objects: [{ ...sound, mask: { size: [2, 2], counts: [0, 4] } }] }],
    ['warning mask-beyond-box', { objects: [{ ...sound, mask: mask([1, 1, 1, 1, 1, 1, 1, 1]) }] }],
    ['error joints', { objects: [{ ...sound, keypoints: new Float32Array(6) }] }],
    ['error unreadable', { image: () => Promise.reject(dataError({ source: 'a.jpg' }, 'broken.', 'Replace it.')) }],
    [
      'error size',
      { semantic: async () => ({ width: 2, height: 2, data: new Uint8Array(4) }) },
      { semanticLabels: ['x'] },
    ],
    [
      'error class-index',
      { semantic: async () => ({ width: 4, height: 2, data: new Uint8Array(8).fill(3) }) },
      { semanticLabels: [] },
    ],
    ['error depth-empty', { depth: async () => ({ width: 4, height: 2, data: new Float32Array(8) }) }],
    [
      'warning segments',
      {
        panoptic: async () => ({
          ids: { width: 4, height: 2, data: new Int32Array(8) },
          segments: [{ id: 4, label: 'cat' }],
        }),
      },
    ],
    [
      'error segments',
      { panoptic: async () => ({ ids: { width: 4, height: 2, data: new Int32Array(8).fill(4) }, segments: [] }) },
    ],
    ['warning unused-label', {}, { labels: ['cat', 'dog'] }],
  ])('reports %s', async (kind, record, more) => {
    expect((await kindsOf(oneRecord(record, more))).filter((k) => k !== 'warning unused-label' || k === kind)).toEqual([
      kind,
    ]);
  });

  it('reports unknown labels, joints outside, equal ids and equal pictures', async () => {
    const skeleton = { joints: ['a'], flipPairs: [], sigmas: [0.1], edges: [] };
    const objects = [{ ...sound, label: 'dog', keypoints: Float32Array.of(9, 9, 2) }];
    const twice = { ...oneRecord({ objects }, { skeleton }), length: 2 };
    const kinds = await kindsOf(twice);
    for (const kind of [
      'error unknown-label',
      'warning joint-outside',
      'error duplicate-id',
      'warning duplicate-picture',
    ]) {
      expect(kinds).toContain(kind);
    }
  });

  it('finds pictures that two splits share, and looks at a sample when told so', async () => {
    const train = syntheticScenes({ seed: 1, length: 8, size: 48 });
    const val: Dataset = { ...train, name: 'val', length: 2, get: (index) => train.get(index + 3) };
    const report = await checkDataset(train, { against: [val] });
    const shared = report.issues.filter(({ kind }) => kind === 'shared-picture');
    expect(shared.map(({ record }) => record)).toEqual([(await train.get(3)).id, (await train.get(4)).id]);
    expect(report.sound).toBe(false);
    const some = await checkDataset(train, { limit: 3 });
    expect([some.checked, some.records]).toEqual([3, 8]);
  });

  it('prints a human report and survives JSON', async () => {
    const report = await checkDataset(oneRecord({ objects: [{ label: 'cat', box: [1, 0, 9, 2] }, sound] }));
    const text = formatReport(report);
    expect(text).toContain('one: 1 of 1 records checked');
    expect(text).toContain('cat ######################################## 2 (100.0 %)');
    expect(text).toContain('error box-outside: 1');
    expect(text).toContain('Not sound: 1 errors, 0 warnings.');
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe.skipIf(!hasShared)(`checkDataset on real data (${withoutShared})`, () => {
  it('finds the pictures that coco-mini val and coco-panoptic val share', async () => {
    const mini = await readCoco(sharedPath('data', 'coco-mini'), {
      annotations: 'annotations/instances_val2017.json',
      images: 'val2017',
    });
    const panoptic = await readCocoPanoptic(sharedPath('data', 'coco-panoptic'), {
      annotations: 'panoptic_val.json',
      images: 'images/val',
    });
    const report = await checkDataset(mini, { against: [panoptic] });
    const shared = report.issues.filter(({ kind }) => kind === 'shared-picture');
    expect(shared.map(({ record }) => record)).toEqual(['139', '802']);
    expect(report.objects.person).toBeGreaterThan(100);
    expect(report.issues.filter(({ kind }) => kind === 'unreadable')).toEqual([]);
    expect((await checkDataset(panoptic, { limit: 20 })).sound).toBe(true);
  });
});
