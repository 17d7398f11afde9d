import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@glid/base';
import { describe, expect, it } from 'vitest';
import type { DataRequest } from '../src/data/data-request.ts';
import { openDataset } from '../src/data/open-dataset.ts';
import { openHeldOut } from '../src/train/evaluation-request.ts';
import { temporaryFolder } from './run-glid.ts';
import { writeAde, writeCoco, writeDepthList, writeFolder, writePanoptic, writeVoc, writeYolo } from './tiny-data.ts';

const open = (data: string, more: Partial<DataRequest> = {}) => openDataset({ data, part: 'train', ...more });

describe('openDataset finds out the format and the split', () => {
  it.each([
    ['coco', writeCoco, 3, 3],
    ['voc', writeVoc, 1, 1],
    ['yolo', writeYolo, 1, 1],
    ['ade', writeAde, 1, 1],
    ['depth-list', writeDepthList, 1, 1],
    ['folder', writeFolder, 2, 1],
  ] as const)('%s', async (format, write, train, test) => {
    const root = await temporaryFolder();
    await write(root);
    const found = await open(root);
    expect(found.format).toBe(format);
    expect(found.dataset.length).toBe(train);
    const held = await open(root, { part: 'test' });
    expect(held.dataset.length).toBe(test);
    for (const { dataset } of [found, held]) {
      const record = await dataset.get(0);
      expect((await record.image()).width).toBe(64);
      await record.depth?.();
      await record.semantic?.();
    }
  });

  it('coco-panoptic, which has no evaluation split here', async () => {
    const root = await temporaryFolder();
    await writePanoptic(root);
    const { format, dataset } = await open(root);
    expect(format).toBe('coco-panoptic');
    expect((await (await dataset.get(0)).panoptic!()).segments.length).toBeGreaterThan(0);
    await expect(open(root, { part: 'test' })).rejects.toThrow(/no split for evaluation.*train/);
  });

  it('what a head needs decides where there are several', async () => {
    const root = await temporaryFolder();
    await Promise.all([writeCoco(root), writeDepthList(root)]);
    expect((await open(root, { wanted: ['depth-list'] })).format).toBe('depth-list');
    expect((await open(root, { wanted: ['coco'], joints: true })).dataset.skeleton?.joints).toHaveLength(17);
    expect((await open(root, { wanted: ['coco'] })).dataset.skeleton).toBeUndefined();
    await expect(open(root, { wanted: ['ade'] })).rejects.toThrow(/looks like: coco, depth-list/);
  });

  it('an annotation file stands for its folder', async () => {
    const root = await temporaryFolder();
    await writeCoco(root);
    const { format, dataset } = await open(join(root, 'annotations/instances_val.json'));
    expect([format, dataset.length]).toEqual(['coco', 3]);
    expect((await (await dataset.get(0)).image()).width).toBe(64);
  });

  it('class maps by a list of pictures, with the names of values in a file of its own', async () => {
    const root = await temporaryFolder();
    await writeAde(root);
    const categories = join(root, 'elsewhere.json');
    await writeFile(
      categories,
      JSON.stringify([
        { id: 1, name: 'one' },
        { id: 0, name: 'zero' },
      ]),
    );
    await writeFile(join(root, 'some.txt'), '0.png\n');
    await writeFile(join(root, 'none.txt'), 'other.png\n');
    const { dataset } = await open(root, { categories, list: 'some.txt' });
    expect([dataset.length, dataset.semanticLabels]).toEqual([1, ['one', 'zero']]);
    const plain = (await (await (await open(root)).dataset.get(0)).semantic!()).data;
    const renamed = (await (await dataset.get(0)).semantic!()).data;
    expect(renamed).toEqual(plain.map((value) => [1, 0][value] ?? 255));
    await expect(open(root, { list: 'none.txt' })).rejects.toThrow(/no pictures/);
  });

  it('another list is another part of the same folders', async () => {
    const root = await temporaryFolder();
    await writeAde(root);
    await writeFile(join(root, 'held.txt'), '0.png\n');
    const request = {
      data: root,
      part: 'train',
      images: 'images/training',
      annotations: 'annotations/training',
    } as const;
    const held = await openHeldOut({ options: { evaluate: true, evalList: 'held.txt' } }, request);
    expect(held?.dataset.length).toBe(1);
    expect((await held!.dataset.get(0)).source).toMatch(/images\/training\/0\.png$/);
    await expect(openHeldOut({ options: { evaluate: true, evalList: 'no.txt' } }, request)).rejects.toThrow(/no\.txt/);
  });

  it('scenes for training and for evaluation differ, and are drawn once', async () => {
    const { dataset } = await open('synthetic', { limit: 2, size: [64, 64], labels: ['ball', 'star'] });
    const { dataset: held } = await open('synthetic', { limit: 2, size: [64, 64], part: 'test' });
    expect(dataset.labels).toEqual(['ball', 'star']);
    const image = await (await dataset.get(0)).image();
    expect(await (await dataset.get(0)).image()).toBe(image);
    expect((await (await held.get(0)).image()).data).not.toEqual(image.data);
    const { dataset: near } = await open('synthetic-near', { limit: 32, size: [64, 64] });
    const areas = async (set: Dataset) => {
      const records = await Promise.all(Array.from({ length: 32 }, (_, i) => set.get(i)));
      return records.map(({ objects = [] }) => objects.map(({ area = 0 }) => area));
    };
    const { dataset: usual } = await open('synthetic', { limit: 32, size: [64, 64] });
    const [large, small] = [await areas(near), await areas(usual)];
    const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(Math.max(...large.map((list) => list.length))).toBeLessThanOrEqual(3);
    expect(mean(large.flat())).toBeGreaterThan(1.3 * mean(small.flat()));
  });

  it('says what is wrong', async () => {
    const root = await temporaryFolder();
    await expect(open(join(root, 'nowhere'))).rejects.toThrow(/There is no .*nowhere/);
    await expect(open(root)).rejects.toThrow(/no pictures/);
    await writeCoco(root);
    await expect(open(root, { split: 'tset' })).rejects.toThrow(/no split 'tset'.*train, val/);
    await writeFile(join(root, 'annotations/instances_train.json'), '{ "images": [');
    await expect(open(root)).rejects.toThrow(/not valid JSON/);
    await writeAde(join(root, 'ade'));
    await writeFile(join(root, 'ade/classes.json'), '[]');
    await expect(open(join(root, 'ade'))).rejects.toThrow(/no list of categories/);
  });
});
