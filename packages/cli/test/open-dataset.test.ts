import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DataRequest } from '../src/data/data-request.ts';
import { openDataset } from '../src/data/open-dataset.ts';
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

  it('scenes for training and for evaluation differ, and are drawn once', async () => {
    const { dataset } = await open('synthetic', { limit: 2, size: [64, 64], labels: ['ball', 'star'] });
    const { dataset: held } = await open('synthetic', { limit: 2, size: [64, 64], part: 'test' });
    expect(dataset.labels).toEqual(['ball', 'star']);
    const image = await (await dataset.get(0)).image();
    expect(await (await dataset.get(0)).image()).toBe(image);
    expect((await (await held.get(0)).image()).data).not.toEqual(image.data);
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
