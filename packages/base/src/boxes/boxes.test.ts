import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BoxFormat,
  boxArea,
  boxGiou,
  boxIou,
  clipBox,
  clipBoxes,
  convertBox,
  convertBoxes,
  encodeMask,
  isDegenerateBox,
  maskIou,
} from '../index.ts';

const formats: BoxFormat[] = ['xyxy', 'xywh', 'cxcywh'];

describe('convertBox', () => {
  it('knows a box in all formats', () => {
    const same = { xyxy: [1, 2, 5, 10], xywh: [1, 2, 4, 8], cxcywh: [3, 6, 4, 8] } as const;
    for (const from of formats) {
      for (const to of formats) {
        expect(convertBox(same[from], from, to)).toEqual(same[to]);
        expect([...convertBoxes([...same[from], ...same[from]], from, to)]).toEqual([...same[to], ...same[to]]);
      }
    }
  });
  it('names a wrong length', () => {
    expect(() => convertBoxes([1, 2, 3], 'xyxy', 'xywh')).toThrow(/four numbers each, but there are 3/);
  });
});

describe('areas and clipping', () => {
  it('treats a box turned inside out as empty', () => {
    expect(boxArea([5, 5, 3, 9])).toBe(0);
    expect(isDegenerateBox([5, 5, 3, 9])).toBe(true);
    expect(isDegenerateBox([0, 0, 1, Number.NaN])).toBe(true);
    expect(isDegenerateBox([0, 0, 2, 2], 'xyxy', 2)).toBe(true);
    expect(isDegenerateBox([9, 9, 2, 2], 'xywh', 1)).toBe(false);
  });
  it('keeps boxes inside the picture', () => {
    expect(clipBox([-3, 2, 12, 30], 10, 20)).toEqual([0, 2, 10, 20]);
    expect([...clipBoxes([-3, 2, 12, 30, 11, 21, 12, 22], 10, 20)]).toEqual([0, 2, 10, 20, 10, 20, 10, 20]);
  });
});

describe('boxIou', () => {
  const corner = fc.integer({ min: 0, max: 9 });
  const box = fc
    .tuple(corner, corner, corner, corner)
    .map(([a, b, c, d]) => [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)] as const);

  it('is the IoU of the filled boxes', () => {
    const fill = ([x0, y0, x1, y1]: readonly number[]) =>
      encodeMask(
        Array.from({ length: 100 }, (_, i) => {
          const [x, y] = [i % 10, Math.floor(i / 10)];
          return +(x >= x0! && x < x1! && y >= y0! && y < y1!);
        }),
        [10, 10],
      );
    fc.assert(
      fc.property(box, box, fc.boolean(), (a, b, crowd) => {
        const dense = [...maskIou([fill(a)], [fill(b)], [crowd])];
        expect([...boxIou(a, b, { crowd: [crowd] })]).toEqual(dense);
        const sized = [a, b].map((corners) => convertBox(corners, 'xyxy', 'xywh'));
        expect([...boxIou(sized[0]!, sized[1]!, { format: 'xywh', crowd: [crowd] })]).toEqual(dense);
      }),
    );
  });

  it('bounds the generalised IoU, which equals it inside a common hull', () => {
    fc.assert(
      fc.property(box, box, (a, b) => {
        const [iou, giou] = [boxIou(a, b)[0]!, boxGiou(a, b)[0]!];
        expect(giou).toBeLessThanOrEqual(iou + 1e-12);
        expect(giou).toBeGreaterThanOrEqual(-1);
        expect(boxGiou(b, a)[0]).toBeCloseTo(giou, 12);
      }),
    );
  });

  it('gives the closed forms', () => {
    expect(boxGiou([0, 0, 2, 2], [1, 1, 3, 3])[0]).toBeCloseTo(1 / 7 - 2 / 9, 12);
    expect(boxGiou([0, 0, 1, 1], [2, 2, 3, 3])[0]).toBeCloseTo(-7 / 9, 12);
    expect(boxGiou([0, 0, 4, 4], [1, 1, 3, 3])[0]).toBeCloseTo(0.25, 12);
  });

  it('lays results out as [N, M]', () => {
    const iou = boxIou([0, 0, 2, 2, 0, 0, 1, 1], [0, 0, 2, 2, 5, 5, 6, 6, 0, 0, 1, 1]);
    expect([...iou]).toEqual([1, 0, 0.25, 0.25, 0, 1]);
  });
});
