import { decodeMask, GlidError, type SceneRecord } from '@glid/base';
import { describe, expect, it } from 'vitest';
import { stuffLabels } from './place.ts';
import { syntheticFigures } from './synthetic-figures.ts';
import { syntheticLabels, syntheticScenes } from './synthetic-scenes.ts';

const count = 24;
const dataset = syntheticScenes({ seed: 3, length: count, size: [96, 128] });

async function eachScene(check: (record: SceneRecord) => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) await check(await dataset.get(i));
}

describe('syntheticScenes', () => {
  it('gives the same bytes whatever the order and length', async () => {
    const other = syntheticScenes({ seed: 3, length: 5, size: [96, 128] });
    for (const index of [4, 0, 2]) {
      const [a, b] = [await dataset.get(index), await other.get(index)];
      expect((await a.image()).data).toEqual((await b.image()).data);
      expect((await a.depth!()).data).toEqual((await b.depth!()).data);
      expect(a.objects).toEqual(b.objects);
    }
    const elsewhere = await syntheticScenes({ seed: 4, length: 5, size: [96, 128] }).get(0);
    expect((await elsewhere.image()).data).not.toEqual((await (await dataset.get(0)).image()).data);
  });

  it('has boxes that are the exact extent of masks, and masks that do not overlap', async () => {
    await eachScene(async (record) => {
      const seen = new Uint8Array(96 * 128);
      for (const object of record.objects!) {
        const mask = decodeMask(object.mask!);
        let [x0, y0, x1, y1, area] = [128, 96, 0, 0, 0];
        for (let i = 0; i < mask.length; i++) {
          if (mask[i] === 0) continue;
          expect(seen[i]).toBe(0);
          seen[i] = 1;
          area++;
          x0 = Math.min(x0, i % 128);
          x1 = Math.max(x1, (i % 128) + 1);
          y0 = Math.min(y0, Math.floor(i / 128));
          y1 = Math.max(y1, Math.floor(i / 128) + 1);
        }
        expect(object.box).toEqual([x0, y0, x1, y1]);
        expect(object.area).toBe(area);
      }
    });
  });

  it('agrees with itself: semantic, panoptic, masks and depth tell one story', async () => {
    await eachScene(async (record) => {
      const semantic = await record.semantic!();
      const { ids, segments } = await record.panoptic!();
      const depth = await record.depth!();
      const names = dataset.semanticLabels!;
      const byId = new Map(segments.map((segment) => [segment.id, segment]));
      const counted = new Map<number, number>();
      for (let i = 0; i < semantic.data.length; i++) {
        const id = ids.data[i]!;
        expect(byId.get(id)!.label).toBe(names[semantic.data[i]!]);
        counted.set(id, (counted.get(id) ?? 0) + 1);
        const metres = depth.data[i]!;
        expect(metres >= 0 && metres < 10).toBe(true);
        if (names[semantic.data[i]!] === 'sky') expect(metres).toBe(0);
      }
      for (const segment of segments) expect(counted.get(segment.id)).toBe(segment.area);
      for (const object of record.objects!) {
        const mask = decodeMask(object.mask!);
        const label = stuffLabels.length + dataset.labels.indexOf(object.label);
        expect(semantic.data.some((value, i) => mask[i] === 1 && value !== label)).toBe(false);
      }
    });
  });

  it('puts visible joints on their own mask and lists nearer things first', async () => {
    let visible = 0;
    let hidden = 0;
    await eachScene(async (record) => {
      const depth = (await record.depth!()).data;
      let before = 0;
      for (const object of record.objects!) {
        const mask = decodeMask(object.mask!);
        let sum = 0;
        let n = 0;
        mask.forEach((set, i) => {
          if (set && depth[i]! > 0) {
            sum += depth[i]!;
            n++;
          }
        });
        expect(sum / n).toBeGreaterThan(before - 0.7);
        before = Math.max(before, sum / n);
        expect(object.keypoints !== undefined).toBe(object.label === 'person');
        for (let k = 0; k < (object.keypoints?.length ?? 0); k += 3) {
          const [x, y, v] = object.keypoints!.subarray(k, k + 3) as unknown as [number, number, number];
          if (v === 2) {
            visible++;
            expect(mask[Math.floor(y) * 128 + Math.floor(x)]).toBe(1);
          } else if (v === 1) hidden++;
          else expect([x, y]).toEqual([0, 0]);
        }
      }
    });
    expect(visible).toBeGreaterThan(100);
    expect(hidden).toBeGreaterThan(20);
  });

  it('shows every class often', async () => {
    const large = syntheticScenes({ length: 120, size: 64 });
    const seen = new Map<string, number>();
    for (let i = 0; i < large.length; i++) {
      for (const object of (await large.get(i)).objects!) seen.set(object.label, (seen.get(object.label) ?? 0) + 1);
    }
    for (const label of syntheticLabels) expect(seen.get(label) ?? 0).toBeGreaterThan(10);
  });

  it('honours labels, numbers of things and empty scenes', async () => {
    const balls = syntheticScenes({ length: 10, size: 64, labels: ['ball'], things: [1, 3] });
    expect(balls.skeleton).toBeUndefined();
    for (let i = 0; i < 10; i++) {
      const { objects } = await balls.get(i);
      expect(objects!.length).toBeLessThanOrEqual(3);
      expect(objects!.every((object) => object.label === 'ball')).toBe(true);
    }
    const empty = await syntheticScenes({ length: 1, size: 64, things: [0, 0] }).get(0);
    expect(empty.objects).toEqual([]);
  });

  it.each([
    { labels: ['cat'] },
    { labels: [] },
    { things: [3, 2] as const },
    { distance: [3, 2] as const },
    { distance: [0, 3] as const },
    { size: 7 },
    { size: [64.5, 64] as const },
    { length: -1 },
  ])('refuses %j', (options) => {
    expect(() => syntheticScenes(options)).toThrowError(GlidError);
  });

  it('lets colours tell what things are where it is asked to', async () => {
    const labels = ['ball', 'crate', 'star'];
    const scenes = syntheticScenes({ seed: 5, length: 12, size: 64, labels, colors: 'byLabel' });
    for (let i = 0; i < scenes.length; i++) {
      const record = await scenes.get(i);
      const { data } = await record.image();
      for (const { label, mask } of record.objects!) {
        const sums = [0, 0, 0];
        decodeMask(mask!).forEach((inside, pixel) => {
          if (inside) for (let c = 0; c < 3; c++) sums[c]! += data[3 * pixel + c]!;
        });
        const [red, green, blue] = sums as [number, number, number];
        // Yellow, green and blue to purple, whatever the light.
        if (label === 'ball') expect(blue).toBeLessThan(Math.min(red, green));
        if (label === 'crate') expect(green).toBeGreaterThan(Math.max(red, blue));
        if (label === 'star') expect(blue).toBeGreaterThan(Math.max(red, green));
      }
    }
    expect(() => syntheticScenes({ colors: 'own' as 'any' })).toThrow(/'colors' must be/);
  });

  it('refuses records that do not exist', async () => {
    await expect(dataset.get(count)).rejects.toThrowError(/0\.\.23/);
  });
});

describe('syntheticFigures', () => {
  it('shows exactly one annotated large figure with most joints in the picture', async () => {
    const figures = syntheticFigures({ seed: 1, length: 40 });
    for (let i = 0; i < figures.length; i++) {
      const record = await figures.get(i);
      expect(record.objects!.length).toBe(1);
      const [figure] = record.objects!;
      expect(figure!.box[3] - figure!.box[1]).toBeGreaterThan(128 * 0.3);
      const labelled = figure!.keypoints!.filter((_, k) => k % 3 === 2).filter((v) => v > 0).length;
      expect(labelled).toBeGreaterThanOrEqual(9);
    }
  });
});

describe('the drawing', () => {
  it('is the same on every machine and in every release, or this number changes', async () => {
    let hash = 0x811c9dc5;
    for (const dataset of [syntheticScenes({ length: 4, size: 64 }), syntheticFigures({ length: 2, size: 64 })]) {
      for (let i = 0; i < dataset.length; i++) {
        for (const byte of (await (await dataset.get(i)).image()).data) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
      }
    }
    expect(hash).toBe(3836499959);
  });
});
