import { type Dataset, decodeMask } from '@glid/base';
import { hasShared, readSharedJson, sharedPath, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import {
  readCoco,
  readCocoPanoptic,
  readDepthList,
  readImageFolder,
  readPascalVoc,
  readSemanticFolder,
  readYolo,
} from '../src/index.ts';

const data = (name: string): string => sharedPath('data', name);

async function countObjects(dataset: Dataset): Promise<number> {
  let count = 0;
  for (let i = 0; i < dataset.length; i++) count += (await dataset.get(i)).objects?.length ?? 0;
  return count;
}

/** Decodes a few pictures spread over the set. */
async function decodeSome(dataset: Dataset): Promise<void> {
  for (const i of [0, Math.floor(dataset.length / 2), dataset.length - 1]) {
    const image = await (await dataset.get(i)).image();
    expect(image.data.length).toBe(image.width * image.height * 3);
  }
}

describe.skipIf(!hasShared)(`readers on real data (${withoutShared})`, () => {
  it('coco-mini: instances, crowds, masks and keypoints', async () => {
    for (const [split, pictures, objects, crowds, people] of [
      ['train2017', 80, 739, 8, 172],
      ['val2017', 79, 624, 5, 118],
    ] as const) {
      const set = await readCoco(data('coco-mini'), {
        annotations: `annotations/instances_${split}.json`,
        images: split,
      });
      expect([set.length, set.labels.length, await countObjects(set)]).toEqual([pictures, 80, objects]);
      let crowd = 0;
      for (let i = 0; i < set.length; i++) crowd += (await set.get(i)).objects!.filter((o) => o.crowd).length;
      expect(crowd).toBe(crowds);
      await decodeSome(set);
      const record = await set.get(0);
      const image = await record.image();
      for (const { mask, box, area } of record.objects!) {
        const dense = decodeMask(mask!);
        expect(mask!.size).toEqual([image.height, image.width]);
        const painted = dense.reduce((sum, v) => sum + v, 0);
        expect(Math.abs(painted - area!)).toBeLessThan(0.25 * area! + 30);
        expect(box[2]).toBeLessThanOrEqual(image.width + 1);
      }
      const poses = await readCoco(data('coco-mini'), {
        annotations: `annotations/person_keypoints_${split}.json`,
        images: split,
      });
      expect(await countObjects(poses)).toBe(people);
      expect(poses.skeleton!.joints.length).toBe(17);
      expect(poses.skeleton!.flipPairs.length).toBe(8);
    }
  });

  it('coco-panoptic: ids, semantic maps and things', async () => {
    for (const split of ['train', 'val']) {
      const set = await readCocoPanoptic(data('coco-panoptic'), {
        annotations: `panoptic_${split}.json`,
        images: `images/${split}`,
      });
      expect([set.length, set.labels.length, set.thingLabels!.length]).toEqual([100, 133, 80]);
      await decodeSome(set);
      for (let i = 0; i < set.length; i += 9) {
        const { ids, segments } = await (await set.get(i)).panoptic!();
        const areas = new Map<number, number>();
        for (const id of ids.data) areas.set(id, (areas.get(id) ?? 0) + 1);
        for (const segment of segments) expect(areas.get(segment.id)).toBe(segment.area);
        const semantic = await (await set.get(i)).semantic!();
        expect(semantic.data.some((v) => v !== 255)).toBe(true);
      }
    }
  });

  it('coco-panoptic: YOLO labels and 8-bit class maps', async () => {
    for (const split of ['train', 'val']) {
      const yolo = await readYolo(data('coco-panoptic'), { split });
      expect([yolo.length, yolo.labels.length]).toEqual([100, 80]);
      expect(yolo.labels[0]).toBe('person');
      expect(await countObjects(yolo)).toBeGreaterThan(500);
      await decodeSome(yolo);
    }
    const names = readSharedJson<Record<string, string>>('data', 'coco-panoptic', 'classes.json');
    const values = Object.keys(names).filter((value) => value !== '0');
    const set = await readSemanticFolder(data('coco-panoptic'), {
      images: 'images/val',
      annotations: 'annotations/validation',
      labels: values.map((value) => names[value]!),
      classOf: Object.fromEntries(values.map((value, i) => [Number(value), i])),
    });
    const panoptic = await readCocoPanoptic(data('coco-panoptic'), {
      annotations: 'panoptic_val.json',
      images: 'images/val',
    });
    expect(set.length).toBe(100);
    const byId = new Map<string, string>();
    for (let i = 0; i < 3; i++) {
      const a = await set.get(i);
      const b = await panoptic.get(i);
      expect(Number(a.id)).toBe(Number(b.id));
      const [x, y] = [await a.semantic!(), await b.semantic!()];
      let same = 0;
      for (let p = 0; p < x.data.length; p++) {
        const left = x.data[p] === 255 ? 'void' : set.semanticLabels![x.data[p]!]!;
        const right = y.data[p] === 255 ? 'void' : panoptic.labels[y.data[p]!]!;
        if (left === right) same++;
        byId.set(left, right);
      }
      expect(same).toBe(x.data.length);
    }
  });

  it('camvid: classes with a void value', async () => {
    const { classes } = readSharedJson<{ classes: { name: string }[] }>('data', 'camvid', 'classes.json');
    for (const [split, count] of [
      ['training', 367],
      ['validation', 101],
      ['testing', 233],
    ] as const) {
      const set = await readSemanticFolder(data('camvid'), {
        images: `images/${split}`,
        annotations: `annotations/${split}`,
        labels: classes.slice(0, 11).map(({ name }) => name),
        ignore: [11],
      });
      expect(set.length).toBe(count);
      const map = await (await set.get(0)).semantic!();
      expect([map.width, map.height]).toEqual([240, 180]);
      expect(map.data.every((v) => v < 11 || v === 255)).toBe(true);
      await decodeSome(set);
    }
  });

  it('pets: trimaps by a value table, head boxes by COCO', async () => {
    const set = await readSemanticFolder(data('pets'), {
      images: 'images',
      annotations: 'annotations/trimaps',
      labels: ['pet', 'background'],
      classOf: { 1: 0, 2: 1 },
    });
    expect(set.length).toBe(600);
    const map = await (await set.get(1)).semantic!();
    expect(new Set(map.data)).toEqual(new Set([0, 1, 255]));
    const train = await readSemanticFolder(data('pets'), {
      images: 'images',
      annotations: 'annotations/trimaps',
      labels: ['pet', 'background'],
      classOf: { 1: 0, 2: 1 },
      list: 'annotations/trainval.txt',
    });
    expect(train.length).toBe(480);
    const heads = await Promise.all(
      ['trainval', 'test'].map((split) =>
        readCoco(data('pets'), { annotations: `annotations/instances_${split}.json`, images: 'images' }),
      ),
    );
    expect(heads.map(({ length }) => length)).toEqual([480, 120]);
    expect((await countObjects(heads[0]!)) + (await countObjects(heads[1]!))).toBe(297);
  });

  it('nuclei: compressed RLE masks', async () => {
    let instances = 0;
    for (const [split, count] of [
      ['train', 340],
      ['val', 60],
    ] as const) {
      const set = await readCoco(data('nuclei'), { annotations: `annotations/instances_${split}.json`, images: split });
      expect(set.length).toBe(count);
      instances += await countObjects(set);
      const [first] = (await set.get(0)).objects!;
      expect(decodeMask(first!.mask!).reduce((sum, v) => sum + v, 0)).toBe(first!.area);
    }
    expect(instances).toBe(12417);
  });

  it('bccd and raccoon: Pascal VOC', async () => {
    const splits = { bccd: { train: 205, val: 87, test: 72 }, raccoon: { train: 160, val: 40 } } as const;
    const boxes = { bccd: 4886, raccoon: 217 };
    for (const name of ['bccd', 'raccoon'] as const) {
      let total = 0;
      for (const [split, count] of Object.entries(splits[name])) {
        const set = await readPascalVoc(data(name), { split });
        expect(set.length).toBe(count);
        expect(set.labels).toEqual(name === 'bccd' ? ['Platelets', 'RBC', 'WBC'] : ['raccoon']);
        total += await countObjects(set);
        await decodeSome(set);
      }
      expect(total).toBe(boxes[name]);
    }
    const first = (await (await readPascalVoc(data('bccd'), { split: 'val' })).get(0)).objects![0]!;
    expect(first).toMatchObject({ label: 'WBC', box: [168, 114, 319, 244] });
  });

  it('nyu: pictures with 16-bit depth', async () => {
    for (const [list, count] of [
      ['train.txt', 805],
      ['val.txt', 243],
    ] as const) {
      const set = await readDepthList(data('nyu'), { list });
      expect(set.length).toBe(count);
      const depth = await (await set.get(5)).depth!();
      expect([depth.width, depth.height]).toEqual([320, 240]);
      // The source has steps of 39.2 mm.
      for (const metres of depth.data.subarray(0, 500)) {
        const steps = (metres * 1000) / 39.21568627450981;
        expect(Math.abs(steps - Math.round(steps)) * 39.2).toBeLessThan(0.51);
        expect(metres).toBeLessThanOrEqual(10);
      }
      await decodeSome(set);
    }
  });

  it('lspet: a skeleton of its own', async () => {
    const set = await readCoco(data('lspet'), { annotations: 'annotations/person_keypoints_val.json', images: 'val' });
    expect(set.length).toBe(250);
    expect(set.skeleton!.joints.length).toBe(14);
    expect(set.skeleton!.flipPairs[0]).toEqual([0, 5]);
    expect((await set.get(0)).objects![0]!.keypoints!.length).toBe(42);
    await decodeSome(set);
  });

  it('pretrain: folders and lists of pictures', async () => {
    const all = await readImageFolder(data('pretrain'), { images: 'images' });
    const train = await readImageFolder(data('pretrain'), { images: 'images', list: 'train.txt' });
    const val = await readImageFolder(data('pretrain'), { images: 'images', list: 'val.txt' });
    expect([all.length, train.length, val.length]).toEqual([10144, 9637, 507]);
    await decodeSome(train);
  });
});
