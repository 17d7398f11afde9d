import { hasShared, readSharedJson, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import type { Rle } from '../index.ts';
import {
  boxIou,
  compressRle,
  decodeMask,
  encodeMask,
  maskArea,
  maskBox,
  maskFromBox,
  maskFromPolygons,
  maskIou,
  mergeMasks,
  parseRle,
} from '../index.ts';

interface Item {
  kind: string;
  size: [number, number];
  polygons_or_bbox: number[][] | number[] | null;
  per_polygon_counts: string[] | null;
  merged_counts: string | null;
  counts: string;
  uncompressed: number[];
  area: number;
  bbox: number[];
}
interface IouCase<T> {
  size: [number, number];
  dt: T[];
  gt: T[];
  iscrowd: number[];
  iou: number[][];
}
interface RleFixture {
  items: Item[];
  iou: IouCase<string>;
  bbox_iou: IouCase<number[]>;
  merge: { union: string; intersection_first_two: string };
}

describe.skipIf(!hasShared)(`masks against pycocotools' numbers${hasShared ? '' : ` (${withoutShared})`}`, () => {
  const fixture = hasShared
    ? readSharedJson<RleFixture>('fixtures', 'numerics', 'coco-eval', 'rle.json')
    : (undefined as never);

  it('reads and writes the same strings and counts', () => {
    for (const item of fixture.items) {
      const runs = parseRle({ size: item.size, counts: item.counts });
      expect([...runs.counts]).toEqual(item.uncompressed);
      expect(compressRle({ size: item.size, counts: item.uncompressed }).counts).toBe(item.counts);
      for (const order of ['row', 'column'] as const) {
        expect(compressRle(encodeMask(decodeMask(runs, order), item.size, order)).counts).toBe(item.counts);
      }
    }
  });

  it('gives the same areas and boxes', () => {
    for (const item of fixture.items) {
      const mask = { size: item.size, counts: item.counts };
      expect(maskArea(mask)).toBe(item.area);
      expect(maskBox(mask)).toEqual(item.bbox);
    }
  });

  it('rasterises polygons and boxes to the same pixels', () => {
    let polygons = 0;
    for (const { kind, polygons_or_bbox: outline, size, counts, per_polygon_counts } of fixture.items) {
      if (outline === null) continue;
      if (kind === 'bbox') {
        const [x, y, w, h] = outline as number[];
        expect(compressRle(maskFromBox([x!, y!, w!, h!], size)).counts).toBe(counts);
        continue;
      }
      (outline as number[][]).forEach((polygon, i) => {
        expect(compressRle(maskFromPolygons([polygon], size)).counts).toBe(per_polygon_counts![i]);
        polygons++;
      });
      expect(compressRle(maskFromPolygons(outline as number[][], size)).counts).toBe(counts);
    }
    expect(polygons).toBeGreaterThan(4);
  });

  it('gives the same IoU, crowds included', () => {
    const masks = (list: string[]): Rle[] => list.map((counts) => ({ size: fixture.iou.size, counts }));
    const { dt, gt, iscrowd, iou } = fixture.iou;
    expect([...maskIou(masks(dt), masks(gt), iscrowd)]).toEqual(iou.flat());
    const boxes = fixture.bbox_iou;
    expect([...boxIou(boxes.dt.flat(), boxes.gt.flat(), { format: 'xywh', crowd: boxes.iscrowd })]).toEqual(
      boxes.iou.flat(),
    );
  });

  it('merges to the same strings', () => {
    const masks = fixture.iou.dt.map((counts) => ({ size: fixture.iou.size, counts }));
    const { union, intersection_first_two } = fixture.merge;
    expect(compressRle(mergeMasks(masks)).counts).toBe(union);
    expect(compressRle(mergeMasks(masks.slice(0, 2), 'intersection')).counts).toBe(intersection_first_two);
  });
});
